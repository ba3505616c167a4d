//! Exchange mailboxes through Exchange Web Services.
