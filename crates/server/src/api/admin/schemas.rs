//! The schemas of what administrators are answered.

use super::super::schemas::object;
use super::{DOMAINS, LEVELS};
use serde_json::{Map, Value as Json, json};

/// Every schema of this part by name.
pub(in super::super) fn schemas() -> Map<String, Json> {
    let mut all: Map<String, Json> =
        tables().iter().map(|(name, members)| ((*name).to_owned(), object(members))).collect();
    let by_domain = |schema: Json| {
        let properties: Map<String, Json> =
            DOMAINS.iter().map(|domain| ((*domain).to_owned(), schema.clone())).collect();
        json!({"type": "object", "properties": properties})
    };
    all.insert("Levels".to_owned(), by_domain(json!({"type": "string", "enum": LEVELS})));
    all.insert(
        "Folders".to_owned(),
        json!({"type": "object", "properties": {
            "contact": {"type": "array", "items": {"type": "string"}},
            "appointment": {"type": "array", "items": {"type": "string"}},
            "task": {"type": "array", "items": {"type": "string"}}}}),
    );
    all.insert(
        "ExtractStart".to_owned(),
        json!({"oneOf": [
            {"type": "string", "enum": ["always"]},
            {"type": "object", "required": ["day"], "properties": {"day": {"type": "string", "format": "date"}}},
            {"type": "object", "required": ["days_ago"], "properties": {"days_ago": {"type": "integer", "minimum": 0}}},
            {"type": "null"}]}),
    );
    all.extend(super::schedule::schemas());
    all.insert("Domains".to_owned(), by_domain(json!({"$ref": "#/components/schemas/DomainSettings"})));
    all
}

type Table = (&'static str, &'static [(&'static str, &'static str)]);

fn tables() -> &'static [Table] {
    &[
        (
            "Connection",
            &[
                ("name", "text"),
                ("kind", "text"),
                ("url", "text"),
                ("user", "text"),
                ("impersonate", "flag"),
                ("ca_file", "text?"),
                ("sign_in", "text"),
                ("delegate", "flag"),
                ("token_url", "text?"),
                ("scope", "text?"),
                ("folders", "Folders"),
                ("push", "flag"),
                ("password_ends", "time?"),
                ("calls_at_once", "number?"),
                ("find_by", "text?"),
                ("find_hosts", "[text]"),
                ("found_at", "time?"),
                ("moved_from", "text?"),
            ],
        ),
        ("Push", &[("pushed", "flag"), ("why", "text")]),
        (
            "UserStatus",
            &[
                ("user", "text"),
                ("login", "text?"),
                ("pairing", "text"),
                ("connection", "text"),
                ("address", "text"),
                ("enabled", "flag"),
                ("settings", "UserSettings"),
                ("state", "text"),
                ("first_done", "flag"),
                ("last_success", "time?"),
                ("age_s", "number?"),
                ("last_cycle", "time?"),
                ("trouble", "text?"),
                ("stopped", "text?"),
                ("failures", "number"),
                ("not_before", "time?"),
                ("push", "Push"),
                ("progress", "object?"),
                ("estimate_s", "number?"),
                ("links", "object"),
                ("quarantined", "number"),
                ("held", "number"),
                ("brakes", "[text]"),
                ("entering", "Entering"),
            ],
        ),
        (
            "UserSettings",
            &[
                ("levels", "Levels"),
                ("extract_start", "ExtractStart"),
                ("visibility_all", "flag"),
                ("language", "text?"),
                ("zone", "text?"),
            ],
        ),
        ("Due", &[("due", "number")]),
        ("Removed", &[("removed", "number")]),
        ("Removal", &[("total", "number"), ("copies", "[object]"), ("stay", "object"), ("digest", "text")]),
        (
            "Entering",
            &[
                ("business_contact", "number"),
                ("personal_contact", "number"),
                ("employee", "number"),
                ("calendar", "number"),
                ("task", "number"),
            ],
        ),
        ("Plan", &[("lines", "[PlanLine]"), ("totals", "object"), ("more", "flag")]),
        (
            "PlanLine",
            &[
                ("domain", "text?"),
                ("what", "text"),
                ("side", "text?"),
                ("crm", "text?"),
                ("pim", "text?"),
                ("mail_to", "[text]"),
                ("text", "[text]"),
            ],
        ),
        (
            "Explained",
            &[
                ("text", "[text]"),
                ("chains", "[object]"),
                ("broken", "[text]"),
                ("schedule", "Schedule"),
                ("domain", "text?"),
                ("crm", "text?"),
                ("pim", "text?"),
            ],
        ),
        ("GroupRuleDraft", &[("group", "text"), ("id", "text"), ("and_below", "flag"), ("level", "text")]),
        (
            "GroupRule",
            &[
                ("group", "text"),
                ("id", "text"),
                ("and_below", "flag"),
                ("level", "text"),
                ("name", "text?"),
                ("broken", "flag"),
            ],
        ),
        (
            "Settings",
            &[
                ("generation", "number"),
                ("domains", "Domains"),
                ("primary_position_only", "flag"),
                ("interval_s", "number"),
                ("net_interval_s", "number"),
                ("inventory_interval_s", "number"),
                ("schedules", "[ScheduleRuleDraft]"),
                ("extract_start", "ExtractStart"),
                ("fallback_owner", "text?"),
                ("grace_hours", "number"),
                ("keep_removed_copies", "flag"),
                ("participants_in_body", "flag"),
                ("archived_after_days", "number"),
                ("history_days", "number"),
                ("organizer_wait_hours", "number"),
                ("unanswered_invitations", "flag"),
                ("invitations_per_day", "number"),
                ("shared_mailboxes", "[text]"),
                ("brakes", "Brakes"),
                ("languages", "object"),
            ],
        ),
        (
            "DomainSettings",
            &[
                ("level", "text"),
                ("group_rules", "[GroupRuleDraft]"),
                ("category", "text"),
                ("category_required", "flag"),
                ("skip_private", "flag"),
                ("type_required", "flag"),
                ("conflict", "text"),
                ("delete_wins", "flag"),
                ("no_deletes", "[text]"),
                ("set_back", "flag"),
                ("mail", "flag"),
            ],
        ),
        (
            "Brakes",
            &[
                ("deletes", "number"),
                ("deletes_percent", "number"),
                ("changes", "number"),
                ("changes_percent", "number"),
                ("creates", "number"),
                ("missing", "number"),
                ("missing_percent", "number"),
                ("all_deletes", "number"),
                ("all_users", "number"),
                ("all_users_percent", "number"),
            ],
        ),
        ("DomainMap", &[("domain", "text"), ("entries", "[MapEntry]")]),
        (
            "MapEntry",
            &[
                ("field", "text"),
                ("property", "text"),
                ("direction", "text"),
                ("default", "any"),
                ("key", "flag"),
                ("required", "flag"),
                ("translation", "object"),
            ],
        ),
        (
            "History",
            &[
                ("user", "text?"),
                ("pairing", "text"),
                ("cycle", "text"),
                ("at", "time"),
                ("domain", "text"),
                ("side", "text?"),
                ("what", "text"),
                ("crm", "text?"),
                ("pim", "text?"),
                ("before", "object"),
                ("after", "object"),
                ("overruled", "object"),
                ("mark_key", "text?"),
                ("form", "text?"),
                ("by", "text?"),
                ("note", "text"),
            ],
        ),
        (
            "Alerts",
            &[
                ("channels", "[object]"),
                ("after_s", "number"),
                ("repeat_s", "number"),
                ("days", "number"),
                ("alerts", "[object]"),
            ],
        ),
        (
            "Overall",
            &[
                ("users", "number"),
                ("enabled", "number"),
                ("stopped", "number"),
                ("due", "number"),
                ("quarantined", "number"),
                ("held", "number"),
                ("brakes", "number"),
                ("alerts", "number"),
                ("alert_trouble", "[text]"),
                ("latencies", "[object]"),
            ],
        ),
        ("Arrived", &[("arrived", "number")]),
        (
            "Undo",
            &[
                ("lines", "[object]"),
                ("stays", "[object]"),
                ("troubles", "object"),
                ("brakes", "[text]"),
                ("digest", "text"),
                ("cycle", "text?"),
            ],
        ),
        (
            "Quarantine",
            &[
                ("user", "text?"),
                ("pairing", "text"),
                ("side", "text"),
                ("kind", "text"),
                ("id", "text"),
                ("versions", "any"),
                ("reason", "text"),
                ("since", "time"),
                ("name", "text?"),
                ("when", "text?"),
            ],
        ),
        (
            "Held",
            &[
                ("user", "text?"),
                ("id", "text"),
                ("pairing", "text"),
                ("domain", "text"),
                ("what", "object"),
                ("crm", "text?"),
                ("pim", "text?"),
                ("records", "[object]"),
                ("at", "time"),
            ],
        ),
        (
            "Brake",
            &[
                ("user", "text?"),
                ("pairing", "text?"),
                ("domain", "text?"),
                ("side", "text"),
                ("digest", "text"),
                ("why", "text"),
                ("at", "time"),
                ("released", "text?"),
            ],
        ),
    ]
}
