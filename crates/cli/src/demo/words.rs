//! The words the sample organisation is made of.

/// Given names.
pub const FIRST: &[&str] = &[
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Elif",
    "Fabian",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Katharina",
    "Leon",
    "Mara",
    "Nils",
    "Olga",
    "Paul",
    "Quirin",
    "Rosa",
    "Samir",
    "Tilda",
    "Ulrike",
    "Viktor",
    "Wanda",
    "Xaver",
    "Yara",
    "Zoltán",
    "Søren",
    "Zoë",
    "José",
    "Łucja",
];

/// Family names.
pub const LAST: &[&str] = &[
    "Albrecht",
    "Brandt",
    "Conrad",
    "Dietrich",
    "Eggers",
    "Fuchs",
    "Grünwald",
    "Hartmann",
    "Iversen",
    "Jäger",
    "Köhler",
    "Lindqvist",
    "Moreau",
    "Nowak",
    "O'Brien",
    "Petrov",
    "Quandt",
    "Rossi",
    "Schäfer",
    "Tanaka",
    "Ulrich",
    "Vogel",
    "Weiß",
    "Yıldız",
    "Zimmermann",
    "Nguyễn",
];

/// Names of customers' companies with a place each.
pub const COMPANIES: &[(&str, &str)] = &[
    ("Alpenglas GmbH", "Innsbruck"),
    ("Baltic Freight AS", "Tallinn"),
    ("Cobalt & Sons", "Leeds"),
    ("Dörfler Maschinenbau", "Ulm"),
    ("Estrella Foods", "Valencia"),
    ("Fjordkraft", "Bergen"),
    ("Gotham Paper", "Albany"),
    ("Hanse Reederei", "Hamburg"),
    ("Indigo Textiles", "Jaipur"),
    ("Jasper Optics", "Jena"),
];

/// What people do.
pub const TITLES: &[&str] = &[
    "Account Executive",
    "Buyer",
    "Chief of Staff",
    "Designer",
    "Engineer",
    "Head of Sales",
    "Lawyer",
    "Product Owner",
    "Researcher",
    "Service Lead",
];

/// Where they do it.
pub const DEPARTMENTS: &[&str] = &["Sales", "Service", "Finance", "Research", "Logistics", "Legal"];

/// Cities with a postal code and country each.
pub const CITIES: &[(&str, &str, &str)] = &[
    ("München", "80331", "Germany"),
    ("Lyon", "69001", "France"),
    ("Porto", "4000-001", "Portugal"),
    ("Chicago", "60601", "United States"),
    ("Osaka", "530-0001", "Japan"),
    ("Pune", "411001", "India"),
];

/// States and provinces.
pub const STATES: &[&str] = &["Bayern", "Illinois", "Maharashtra", "Norte"];

/// Streets.
pub const STREETS: &[&str] = &["Hauptstraße 5", "12 Mill Lane", "Rue du Port 3", "Av. Central 77", "Lindenweg 1a"];

/// What appointments are about.
pub const MEETINGS: &[&str] = &[
    "Quarterly review",
    "Contract talk",
    "Site visit",
    "Product demonstration",
    "Budget round",
    "Interview",
    "Workshop",
    "Lunch",
    "Phone call",
    "Planning",
];

/// What to-dos are about.
pub const TASKS: &[&str] = &[
    "Send offer",
    "Call back",
    "Prepare slides",
    "Check invoice",
    "Write minutes",
    "Order samples",
    "Update forecast",
    "Renew licence",
];

/// Places.
pub const PLACES: &[&str] = &["Room Aurora", "Room Boreal", "Customer site", "Phone", "Main building, 3rd floor"];

/// Sentences for bodies; the sample's texts must survive lines, signs and letters of all kinds.
pub const SENTENCES: &[&str] = &[
    "Please bring the latest numbers.",
    "Zufahrt über die Rückseite – bitte klingeln.",
    "Agenda:\n1. Opening\n2. Figures < plan & > last year\n3. Close",
    "Budget: 12.500 € (\"best case\")",
    "Gespräch mit Müller & Söhne; 日本語も大丈夫.",
];

/// Zones: the IANA name, and the Windows name that Exchange's clients write for it.
pub const ZONES: &[(&str, &str)] = &[
    ("Europe/Berlin", "W. Europe Standard Time"),
    ("Europe/London", "GMT Standard Time"),
    ("America/New_York", "Eastern Standard Time"),
    ("America/Los_Angeles", "Pacific Standard Time"),
    ("Asia/Tokyo", "Tokyo Standard Time"),
    ("Asia/Kolkata", "India Standard Time"),
    ("Australia/Sydney", "AUS Eastern Standard Time"),
    ("America/Sao_Paulo", "E. South America Standard Time"),
];
