//! The items of the two mailboxes: how each is put in, and what a stored record of it must say.

use emulator::{Emulator, EmulatorOptions, MailboxSpec};
use jiff::Timestamp;
use model::{Attendee, Field, Kind, Record, Response, Role, Value, When, Zone};
use std::fmt::Write as _;
use std::sync::Arc;

/// Whose mailbox it is.
pub const ANNA: &str = "anna@crm.test";
/// The account that reads it.
pub const SERVICE: &str = "svc@crm.test";
/// What both sign in with.
pub const PASSWORD: &str = "secret-word";
/// Where the server is said to be.
pub const URL: &str = "http://127.0.0.1/EWS/Exchange.asmx";
/// When all of it happens.
pub const NOW: &str = "2026-09-21T08:00:00Z";
/// Items put in with one request.
const BATCH: usize = 256;

/// What a mailbox is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// Of contacts.
    Contacts,
    /// Of appointments, two guests each; every eighth is a series.
    Calendar,
}

impl Made {
    /// Both.
    pub const ALL: [Made; 2] = [Made::Contacts, Made::Calendar];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Made::Contacts => "contacts",
            Made::Calendar => "calendar",
        }
    }

    /// The kind of its records.
    pub fn kind(self) -> Kind {
        match self {
            Made::Contacts => Kind::Contact,
            Made::Calendar => Kind::Appointment,
        }
    }
}

/// A contact's texts: the field, and the element that holds it with what stands around it.
const TEXTS: &[(Field, &str)] = &[
    (Field::FirstName, "GivenName"),
    (Field::MiddleName, "MiddleName"),
    (Field::Nickname, "Nickname"),
    (Field::Company, "CompanyName"),
    (Field::Email1, "EmailAddresses/EmailAddress1"),
    (Field::Email2, "EmailAddresses/EmailAddress2"),
    (Field::Email3, "EmailAddresses/EmailAddress3"),
    (Field::BusinessStreet, "PhysicalAddresses/Business/Street"),
    (Field::BusinessCity, "PhysicalAddresses/Business/City"),
    (Field::BusinessState, "PhysicalAddresses/Business/State"),
    (Field::BusinessCountry, "PhysicalAddresses/Business/CountryOrRegion"),
    (Field::BusinessPostalCode, "PhysicalAddresses/Business/PostalCode"),
    (Field::HomeStreet, "PhysicalAddresses/Home/Street"),
    (Field::HomeCity, "PhysicalAddresses/Home/City"),
    (Field::HomeState, "PhysicalAddresses/Home/State"),
    (Field::HomeCountry, "PhysicalAddresses/Home/CountryOrRegion"),
    (Field::HomePostalCode, "PhysicalAddresses/Home/PostalCode"),
    (Field::WorkPhone, "PhoneNumbers/BusinessPhone"),
    (Field::WorkPhone2, "PhoneNumbers/BusinessPhone2"),
    (Field::HomePhone, "PhoneNumbers/HomePhone"),
    (Field::MobilePhone, "PhoneNumbers/MobilePhone"),
    (Field::Fax, "PhoneNumbers/BusinessFax"),
    (Field::Pager, "PhoneNumbers/Pager"),
    (Field::AssistantPhone, "PhoneNumbers/AssistantPhone"),
    (Field::Assistant, "AssistantName"),
    (Field::Birthday, "Birthday"),
    (Field::WebPage, "BusinessHomePage"),
    (Field::Department, "Department"),
    (Field::Suffix, "Generation"),
    (Field::JobTitle, "JobTitle"),
    (Field::Manager, "Manager"),
    (Field::CompanyLocation, "OfficeLocation"),
    (Field::Spouse, "SpouseName"),
    (Field::LastName, "Surname"),
];

fn text(field: &Field, n: usize) -> String {
    match field {
        Field::Email1 | Field::Email2 | Field::Email3 => format!("{field}.{n}@out.test"),
        Field::WebPage => format!("https://out.test/people/{n}"),
        Field::Birthday => "1980-05-04T00:00:00Z".to_owned(),
        Field::BusinessCountry | Field::HomeCountry => "Germany".to_owned(),
        field => format!("A {field} & {n}"),
    }
}

fn body(n: usize) -> String {
    format!("Met at the fair in hall {n}; likes <short> letters & a call on Tuesdays.\nSecond line of note {n}.")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn contact(n: usize) -> String {
    let mut xml = format!(
        "<t:Contact><t:Sensitivity>Normal</t:Sensitivity><t:Body BodyType=\"Text\">{}</t:Body><t:Categories>\
         <t:String>Friends</t:String><t:String>Fair {}</t:String></t:Categories><t:ExtendedProperty>\
         <t:ExtendedFieldURI PropertyTag=\"0x3A45\" PropertyType=\"String\"/><t:Value>Dr. {n}</t:Value></t:ExtendedProperty>",
        escaped(&body(n)),
        n % 9
    );
    let mut around: Vec<&str> = Vec::new();
    for (field, place) in TEXTS {
        let mut way: Vec<&str> = place.split('/').collect();
        let last = way.pop().unwrap_or_default();
        while around.len() > way.len() || around.iter().zip(&way).any(|(a, b)| a != b) {
            let left = around.pop().unwrap_or_default();
            let _ = write!(xml, "</t:{}>", if left == "Business" || left == "Home" { "Entry" } else { left });
        }
        for entered in &way[around.len()..] {
            match *entered {
                "Business" | "Home" => _ = write!(xml, "<t:Entry Key=\"{entered}\">"),
                entered => _ = write!(xml, "<t:{entered}>"),
            }
        }
        around = way;
        let value = escaped(&text(field, n));
        match around.as_slice() {
            [_] => _ = write!(xml, "<t:Entry Key=\"{last}\">{value}</t:Entry>"),
            _ => _ = write!(xml, "<t:{last}>{value}</t:{last}>"),
        }
    }
    xml + "</t:Contact>"
}

/// Hours after the first Monday, so that every appointment has a start of its own.
fn hours(n: usize) -> (Timestamp, Timestamp) {
    let monday: Timestamp = "2026-09-28T06:00:00Z".parse().expect("a time");
    let start = monday + jiff::SignedDuration::from_hours(n as i64);
    (start, start + jiff::SignedDuration::from_mins(45))
}

fn is_series(n: usize) -> bool {
    n % 8 == 7
}

fn guests(n: usize) -> [(String, String); 2] {
    ["Ida", "Jon"].map(|name| (format!("{name} Far {n}"), format!("{}{n}@out.test", name.to_lowercase())))
}

fn appointment(n: usize) -> String {
    let (start, end) = hours(n);
    let rule = if is_series(n) {
        let day = start.to_zoned(jiff::tz::TimeZone::UTC).date();
        let week = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let named = week[usize::try_from(day.weekday().to_monday_zero_offset()).expect("a day of seven")];
        format!(
            "<t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>{named}</t:DaysOfWeek>\
             </t:WeeklyRecurrence><t:NumberedRecurrence><t:StartDate>{day}</t:StartDate><t:NumberOfOccurrences>10\
             </t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>"
        )
    } else {
        String::new()
    };
    let invited: String = guests(n)
        .iter()
        .map(|(name, address)| {
            format!("<t:Attendee><t:Mailbox><t:Name>{name}</t:Name><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:Attendee>")
        })
        .collect();
    format!(
        "<t:CalendarItem><t:Subject>Review &amp; plan {n}</t:Subject><t:Sensitivity>Normal</t:Sensitivity>\
         <t:Body BodyType=\"Text\">{}</t:Body><t:Categories><t:String>Meeting</t:String></t:Categories>\
         <t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>15</t:ReminderMinutesBeforeStart>\
         <t:Start>{start}</t:Start><t:End>{end}</t:End><t:IsAllDayEvent>false</t:IsAllDayEvent>\
         <t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus><t:Location>Room &amp; {n}</t:Location>\
         <t:RequiredAttendees>{invited}</t:RequiredAttendees>{rule}<t:StartTimeZone Id=\"UTC\"/><t:EndTimeZone Id=\"UTC\"/>\
         </t:CalendarItem>",
        escaped(&body(n))
    )
}

/// A server with the mailbox.
pub async fn mailbox(made: Made, count: usize) -> Emulator {
    let now: Timestamp = NOW.parse().expect("a time");
    let emulator = Emulator::new(EmulatorOptions::new(7, Arc::new(move || now)));
    emulator.add_mailbox(MailboxSpec::user(ANNA, "Anna Adler", PASSWORD)).expect("a new address");
    emulator.add_service_account(SERVICE, PASSWORD);
    let numbers: Vec<usize> = (0..count).collect();
    for batch in numbers.chunks(BATCH) {
        let (folder, mail, items): (_, _, String) = match made {
            Made::Contacts => ("contacts", "", batch.iter().map(|n| contact(*n)).collect()),
            Made::Calendar => {
                let mail = " SendMeetingInvitations=\"SendToNone\"";
                ("calendar", mail, batch.iter().map(|n| appointment(*n)).collect())
            }
        };
        let request = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" \
             xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><s:Header>\
             <t:RequestServerVersion Version=\"Exchange2013_SP1\"/></s:Header><s:Body>\
             <m:CreateItem MessageDisposition=\"SaveOnly\"{mail}><m:SavedItemFolderId><t:DistinguishedFolderId \
             Id=\"{folder}\"/></m:SavedItemFolderId><m:Items>{items}</m:Items></m:CreateItem></s:Body></s:Envelope>"
        );
        let anna = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{ANNA}:{PASSWORD}"));
        let headers = [
            ("content-type".to_owned(), "text/xml; charset=utf-8".to_owned()),
            ("authorization".to_owned(), format!("Basic {anna}")),
        ];
        let said = emulator.post(URL, &headers, request.into_bytes()).await.expect("answered");
        let said = String::from_utf8(said.body).expect("text");
        assert_eq!(
            said.matches("ResponseClass=\"Success\"").count(),
            batch.len(),
            "{}",
            &said[..said.len().min(2_000)]
        );
    }
    assert_eq!(emulator.items(ANNA, made.name()).expect("a folder").len(), count);
    emulator
}

/// Which of the items a stored record is, once all that it says was compared with what was put in.
pub fn recognised(made: Made, record: &Record) -> usize {
    match made {
        Made::Contacts => known_contact(record),
        Made::Calendar => known_appointment(record),
    }
}

fn number(record: &Record, field: Field) -> usize {
    let Some(Value::Text(text)) = record.get(field.clone()) else { panic!("{} has no {field}", record.id) };
    text.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number at its end")
}

fn says(record: &Record, field: Field, value: &Value) {
    assert!(record.get(field.clone()) == Some(value), "{}: {field}", record.id);
}

fn known_contact(record: &Record) -> usize {
    let n = number(record, Field::LastName);
    for (field, _) in TEXTS.iter().filter(|(field, _)| *field != Field::Birthday) {
        says(record, field.clone(), &Value::Text(text(field, n)));
    }
    says(record, Field::Birthday, &Value::Day(jiff::civil::date(1980, 5, 4)));
    says(record, Field::PersonalTitle, &Value::Text(format!("Dr. {n}")));
    says(record, Field::Body, &Value::Text(body(n)));
    says(record, Field::Private, &Value::Flag(false));
    says(record, Field::Categories, &Value::Set(["Friends".to_owned(), format!("Fair {}", n % 9)].into()));
    assert_eq!(record.fields.len(), TEXTS.len() + 4, "every mapped field");
    n
}

fn known_appointment(record: &Record) -> usize {
    let n = number(record, Field::Subject);
    let (start, end) = hours(n);
    says(record, Field::Subject, &Value::Text(format!("Review & plan {n}")));
    says(record, Field::Location, &Value::Text(format!("Room & {n}")));
    says(record, Field::Body, &Value::Text(body(n)));
    says(record, Field::Start, &Value::When(When::at(start, Zone::utc())));
    says(record, Field::End, &Value::When(When::at(end, Zone::utc())));
    says(record, Field::Reminder, &Value::Number(15));
    says(record, Field::ShowAs, &Value::text("OOF"));
    says(record, Field::Private, &Value::Flag(false));
    says(record, Field::ActivityType, &Value::text("Meeting"));
    says(record, Field::Categories, &Value::Set(["Meeting".to_owned()].into()));
    says(record, Field::Cancelled, &Value::Flag(false));
    let people = guests(n).map(|(name, address)| Attendee {
        name,
        address: Some(address),
        role: Role::Required,
        response: Response::Unknown,
    });
    says(record, Field::Attendees, &Value::People(people.into_iter().map(|one| (one.key(), one)).collect()));
    assert!(matches!(record.get(Field::Organizer), Some(Value::People(people)) if people.contains_key(ANNA)));
    assert_eq!(matches!(record.get(Field::Rule), Some(Value::Rule(_))), is_series(n));
    n
}
