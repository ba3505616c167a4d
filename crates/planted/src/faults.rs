//! The faults by name, with what each of them does wrong.

macro_rules! faults {
    (
        hunted: { $($hunted:ident, $hunted_in:literal, $hunted_says:literal;)* }
        proven: { $($name:ident, $crate_:literal, $says:literal;)* }
    ) => {
        /// A fault that can be planted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Planted {
            $(#[doc = $hunted_says] $hunted,)*
            $(#[doc = $says] $name,)*
        }

        impl Planted {
            /// All of them, in the order of the table.
            pub const ALL: &[Planted] = &[$(Planted::$hunted,)* $(Planted::$name,)*];

            /// Those that the simulator hunts; the others break a rule that tests with its number hold.
            pub const HUNTED: &[Planted] = &[$(Planted::$hunted,)*];

            /// The crate whose line it spoils.
            #[must_use]
            pub fn of(self) -> &'static str {
                match self {
                    $(Planted::$hunted => $hunted_in,)*
                    $(Planted::$name => $crate_,)*
                }
            }

            /// What it does wrong.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self {
                    $(Planted::$hunted => $hunted_says,)*
                    $(Planted::$name => $says,)*
                }
            }
        }
    };
}

faults! {
    hunted: {
    OneImage, "plan", "the base keeps one image for both sides";
    LensForgotten, "plan", "a value is taken to show on the other side as it was sent";
    BlankIsAbsent, "plan", "a cleared field is taken for one that was not said";
    BlankWins, "plan", "between strangers a blank overwrites a value";
    UnitsSplit, "plan", "start and end are merged each for itself";
    LoserUntold, "plan", "a conflict is decided and the overruled value told nowhere";
    EditLosesToDelete, "plan", "a record deleted in the CRM goes though its item was edited";
    DeleteWinsOverEdit, "plan", "an item deleted in the mailbox takes an edited record with it";
    LeftIsDeleted, "plan", "an item that left its folder counts as deleted";
    ExceptionsDropped, "plan", "exceptions are not written again after the rule";
    ParticipantsEcho, "plan", "a participant's copy of a meeting is read as his edit of it";
    OwnCategoryOverwrites, "plan", "our category replaces the person's";
    NobodyMatches, "plan", "strangers are never matched";
    ListIgnored, "plan", "contacts go out without being on the Sync List";
    CategoryIgnored, "plan", "contacts come in without the category";
    CopyKeepsPlace, "plan", "a user who was taken off a meeting keeps his copy";
    NoMark, "engine", "a create carries another mark than the one that was stored";
    IntentAfterSend, "engine", "a create is stored after it was sent";
    RecordIntentAfterSend, "engine", "a create in the CRM is stored after it was sent";
    CursorFirst, "engine", "the cursor is saved before what it stands behind";
    ForbiddenIsGone, "engine", "records that may not be read count as deleted";
    NoTwinRule, "engine", "a copy that shows late stays beside the one made in its place";
    BaseBeforeSettle, "engine", "what is to be written counts as agreed before it was";
    ReadBackSwallows, "engine", "what is read after a write is agreed, whoever changed it since";
    VersionIgnored, "engine", "an update is sent against the present version, not the planned one";
    CreateRepeated, "engine", "a create whose answer is lost is sent again at once";
    UpdateForgotten, "engine", "an update in doubt is forgotten";
    WriteNumberStands, "engine", "updates do not renew the write number";
    HalfSeriesBelieved, "engine", "a series written half-way is read as a person's change";
    CopyIsTheMoved, "engine", "a copied item that keeps our mark is taken for the moved one";
    LookForgotten, "engine", "a look that was not answered is not made again";
    VanishedForgotten, "engine", "ids that left a folder are not looked at";
    GoneIsDone, "engine", "a delete that finds nothing counts as done";
    LinkAfterAll, "engine", "a new record's link waits for the rest of its operations";
    ToldTooLate, "engine", "an overruled value is told after the write";
    OldMarkKept, "engine", "a record made again keeps the mark that names the old one";
    BrakesAfterwards, "engine", "the brakes are asked after the first writes";
    ShortIsNoNews, "engine", "a listing that is suddenly short stops nothing";
    FenceIgnored, "store", "writes of a lost lease are accepted";
    LeaseShared, "store", "a lease is given to a second holder while the first has it";
    FeedForgotten, "store", "the CRM reader moves on without telling what to look at";
    WrongPairing, "store", "a link is found in whosever pairing has it";
    MissingIsDeleted, "store", "what a listing lacks counts as deleted without a look";
    }
    proven: {
    ClosedDirectionOpens, "plan", "an edit on the receiving side of a one-way level is carried over";
    TimelessGoesOut, "plan", "an activity without both times goes out";
    ForeignClassEnters, "plan", "items of any class come in";
    DisabledSynchronises, "plan", "a user who is not enabled synchronises";
    CeilingIgnored, "plan", "a level above the domain's own counts";
    OwnLevelIgnored, "plan", "a group rule goes before the user's own level";
    EveryRuleAndBelow, "plan", "every group rule counts for the groups below";
    NoLevelStaysAwake, "plan", "a link whose level permits nothing stays awake";
    GraceForgotten, "plan", "lost visibility takes the copy at once";
    FlagIgnored, "plan", "the Private flag makes no contact personal";
    PrivateEnters, "plan", "private ones come in although they are skipped";
    WindowIgnored, "plan", "the extract start keeps nothing out";
    MarkIgnored, "plan", "the mark of an earlier link is not looked at";
    ClocksDecide, "plan", "every field counts as changed, whatever the base says";
    DeletedStays, "plan", "what was deleted in the CRM stays in the mailbox";
    MeetingIsDeleted, "plan", "a meeting deleted by its organiser is deleted, not cancelled";
    ForbiddenIsDeleted, "plan", "deletes go where they are forbidden";
    NumberAloneBrakes, "plan", "a brake trips by the number, whatever the share";
    PastIsTold, "plan", "guests of a past meeting are written to";
    OnlineBodyWritten, "plan", "the body of an online meeting is written";
    EveryCopyDecides, "plan", "a meeting enters by any copy";
    ExchangesMeetingMoves, "plan", "the CRM changes a meeting that Exchange owns";
    ScheduleIgnored, "plan", "the general interval counts, whatever schedule holds the user";
    WhatCannotBeHeldIsSent, "plan", "what a side cannot hold is sent to it";
    OldItemStays, "plan", "an activity shown elsewhere keeps its old item";
    ChainUntold, "plan", "group rules are left out of what is explained";
    ActivitiesOptIn, "plan", "activities come in only with the category";
    PrivateKeepsValues, "plan", "what became private where private ones are skipped keeps its values in the CRM";
    OutIsDeleted, "plan", "what leaves the window is deleted";
    OwnerAlone, "plan", "a meeting of the CRM reaches its owner alone";
    CutFlowsBack, "plan", "an edited copy that was cut overwrites the whole text";
    WhyUntold, "plan", "what is done is told without the rule it follows";
    SettingsUnheard, "engine", "what waits is not looked at again when settings change";
    MergedIsGone, "engine", "a contact that was merged takes its links with it";
    OldCopyFirst, "engine", "the former owner's copy goes before the new owner has his";
    OneStopsAll, "engine", "a record that a side refuses ends its user's cycle";
    BegunIsForgotten, "engine", "a write whose answer was lost is not looked up";
    BeforeForgotten, "engine", "the history does not keep what stood before";
    WriteUntimed, "engine", "the time that a write took is left out";
    CountForgotten, "connect", "a series that ends after some occurrences is read as one without an end";
    EveryWeek, "connect", "a series of every second week is written for every week";
    UnnamedIsUtc, "connect", "a zone without a known name is taken for UTC";
    DayHasHours, "connect", "an all-day appointment is read as one with hours";
    LeftoverIsNew, "connect", "what completing a recurring task leaves is read as a task of its own";
    ReminderInHours, "connect", "a reminder's minutes are read as hours";
    MeetingsUnknown, "connect", "no meeting is known by its global id";
    AnswersWritten, "connect", "answers are written into a mailbox";
    OneRefusedIsAll, "connect", "one mailbox that is refused holds back all of its account";
    ColleagueIsNobody, "crm", "an attendee is never found among the employees";
    OneServerForAll, "server", "every mailbox is asked for on the same server";
    FirstFaultAlone, "server", "of a configuration's faults the first alone is told";
    PlanIsDone, "server", "a dry run does what it shows";
    BrakeUntold, "server", "nobody is told of a brake that waits";
    }
}
