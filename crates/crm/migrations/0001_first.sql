-- The built-in CRM, first version. The names in brackets are the tables of Oracle Siebel that hold the same.
-- Instants are microseconds since 1970, days are ISO dates, sets and values are JSON, flags are 0 or 1.

-- Numbers that only go up: ids, and the position in the change feed. [S_SSA_ID]
CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

-- The tree of organizations. [S_BU]
CREATE TABLE organization (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    parent_id TEXT REFERENCES organization (id)
);
CREATE INDEX organization_parent ON organization (parent_id);

-- The tree of positions; each belongs to one organization. [S_POSTN]
CREATE TABLE position (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    parent_id TEXT REFERENCES position (id)
);
CREATE INDEX position_organization ON position (organization_id);
CREATE INDEX position_parent ON position (parent_id);

-- Colleagues; one with a login is a user. [S_CONTACT with EMP_FLG, S_EMP_PER, S_USER]
CREATE TABLE employee (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    login TEXT,
    login_key TEXT UNIQUE,
    password TEXT,
    admin BIGINT NOT NULL,
    all_contacts BIGINT NOT NULL,
    active BIGINT NOT NULL,
    manager_id TEXT REFERENCES employee (id),
    zone TEXT,
    language TEXT,
    first_name TEXT, middle_name TEXT, last_name TEXT, personal_title TEXT, suffix TEXT, nickname TEXT,
    job_title TEXT, department TEXT,
    work_phone TEXT, work_phone2 TEXT, home_phone TEXT, mobile_phone TEXT, fax TEXT, pager TEXT, assistant_phone TEXT,
    assistant TEXT, manager TEXT, spouse TEXT, birthday TEXT,
    business_street TEXT, business_city TEXT, business_state TEXT, business_postal_code TEXT, business_country TEXT,
    home_street TEXT, home_city TEXT, home_state TEXT, home_postal_code TEXT, home_country TEXT,
    web_page TEXT, body TEXT,
    extension TEXT NOT NULL,
    sort_key TEXT NOT NULL,
    search_key TEXT NOT NULL,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, updated_by TEXT NOT NULL, source TEXT NOT NULL
);
CREATE INDEX employee_sort ON employee (sort_key, id);
CREATE INDEX employee_manager ON employee (manager_id);

-- Every mail address of an employee, the primary one first. [S_PER_COMM_ADDR]
CREATE TABLE employee_address (
    employee_id TEXT NOT NULL REFERENCES employee (id) ON DELETE CASCADE,
    rank BIGINT NOT NULL,
    address TEXT NOT NULL,
    address_key TEXT NOT NULL PRIMARY KEY
);
CREATE INDEX employee_address_employee ON employee_address (employee_id, rank);

-- Who holds which position. [S_PARTY_PER]
CREATE TABLE position_holder (
    position_id TEXT NOT NULL REFERENCES position (id) ON DELETE CASCADE,
    employee_id TEXT NOT NULL REFERENCES employee (id) ON DELETE CASCADE,
    is_primary BIGINT NOT NULL,
    PRIMARY KEY (position_id, employee_id)
);
CREATE INDEX position_holder_employee ON position_holder (employee_id);

-- Lists of users. [S_PARTY of type UserList, S_PARTY_PER]
CREATE TABLE user_list (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE
);
CREATE TABLE user_list_member (
    user_list_id TEXT NOT NULL REFERENCES user_list (id) ON DELETE CASCADE,
    employee_id TEXT NOT NULL REFERENCES employee (id) ON DELETE CASCADE,
    PRIMARY KEY (user_list_id, employee_id)
);
CREATE INDEX user_list_member_employee ON user_list_member (employee_id);

-- Companies. Without an organization everybody sees them, else the people of that organization. [S_ORG_EXT]
CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    location TEXT,
    location_key TEXT NOT NULL,
    organization_id TEXT REFERENCES organization (id),
    UNIQUE (name_key, location_key)
);

-- People outside: business contacts, and personal ones, which have an owner. [S_CONTACT]
CREATE TABLE contact (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    owner_id TEXT REFERENCES employee (id),
    first_name TEXT, middle_name TEXT, last_name TEXT, personal_title TEXT, suffix TEXT, nickname TEXT,
    job_title TEXT, department TEXT,
    work_phone TEXT, work_phone2 TEXT, home_phone TEXT, mobile_phone TEXT, fax TEXT, pager TEXT, assistant_phone TEXT,
    assistant TEXT, manager TEXT, spouse TEXT, birthday TEXT,
    business_street TEXT, business_city TEXT, business_state TEXT, business_postal_code TEXT, business_country TEXT,
    home_street TEXT, home_city TEXT, home_state TEXT, home_postal_code TEXT, home_country TEXT,
    web_page TEXT, body TEXT,
    email1 TEXT, email2 TEXT, email3 TEXT,
    more_emails TEXT NOT NULL,
    categories TEXT NOT NULL,
    unmatched_company TEXT, unmatched_location TEXT,
    extension TEXT NOT NULL,
    integration_key TEXT UNIQUE,
    sort_key TEXT NOT NULL,
    name_key TEXT NOT NULL,
    search_key TEXT NOT NULL,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, updated_by TEXT NOT NULL, source TEXT NOT NULL
);
CREATE INDEX contact_owner ON contact (owner_id);
CREATE INDEX contact_sort ON contact (sort_key, id);
CREATE INDEX contact_name ON contact (name_key);

-- A contact's addresses without case, to find him by. [S_PER_COMM_ADDR]
CREATE TABLE contact_email (
    contact_id TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    address_key TEXT NOT NULL,
    PRIMARY KEY (contact_id, address_key)
);
CREATE INDEX contact_email_address ON contact_email (address_key);

-- A contact's companies; the primary one travels to mailboxes. [S_PARTY_PER, PR_DEPT_OU_ID]
CREATE TABLE contact_account (
    contact_id TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    is_primary BIGINT NOT NULL,
    PRIMARY KEY (contact_id, account_id)
);
CREATE INDEX contact_account_account ON contact_account (account_id);

-- Who works with a business contact: positions, or employees by name. [S_POSTN_CON]
CREATE TABLE contact_team (
    contact_id TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    member_kind TEXT NOT NULL CHECK (member_kind IN ('position', 'employee')),
    member_id TEXT NOT NULL,
    PRIMARY KEY (contact_id, member_kind, member_id)
);
CREATE INDEX contact_team_member ON contact_team (member_kind, member_id);

-- The Sync List: which user wants which contact or employee in his mailbox. [S_CONTACT_INFO]
CREATE TABLE sync_list (
    record_kind TEXT NOT NULL CHECK (record_kind IN ('contact', 'employee')),
    record_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES employee (id) ON DELETE CASCADE,
    added_by TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (record_kind, record_id, user_id)
);
CREATE INDEX sync_list_user ON sync_list (user_id, record_kind);

-- Appointments, meetings and to-dos. [S_EVT_ACT]
CREATE TABLE activity (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    display TEXT NOT NULL CHECK (display IN ('Calendar and Activities', 'To Do and Activities', 'Activities Only')),
    owner_id TEXT NOT NULL REFERENCES employee (id),
    organizer_name TEXT, organizer_address TEXT,
    private BIGINT NOT NULL,
    locked BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    global_id TEXT UNIQUE,
    integration_key TEXT UNIQUE,
    subject TEXT, body TEXT, location TEXT, activity_type TEXT, status TEXT, priority TEXT,
    planned_start TEXT, planned_end TEXT, start_at BIGINT, end_at BIGINT,
    start_day TEXT, due_day TEXT, done_day TEXT, percent BIGINT, reminder_at BIGINT,
    rule TEXT,
    exceptions TEXT NOT NULL,
    extension TEXT NOT NULL,
    sort_at BIGINT NOT NULL,
    search_key TEXT NOT NULL,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, updated_by TEXT NOT NULL, source TEXT NOT NULL
);
CREATE INDEX activity_owner ON activity (owner_id);

-- The employees of an activity, its owner among them, each with his own reminder, show-as, categories, private flag and
-- answer. Former ones stay as rows that nobody sees, so that their mailboxes can be tidied. [S_ACT_EMP]
CREATE TABLE activity_employee (
    activity_id TEXT NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    employee_id TEXT NOT NULL REFERENCES employee (id) ON DELETE CASCADE,
    former BIGINT NOT NULL,
    hidden BIGINT NOT NULL,
    name TEXT NOT NULL, address TEXT,
    role TEXT NOT NULL, response TEXT NOT NULL,
    reminder BIGINT, show_as TEXT, categories TEXT NOT NULL, private BIGINT NOT NULL,
    PRIMARY KEY (activity_id, employee_id)
);
CREATE INDEX activity_employee_employee ON activity_employee (employee_id);

-- The contacts of an activity. [S_ACT_CONTACT]
CREATE TABLE activity_contact (
    activity_id TEXT NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    contact_id TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    name TEXT NOT NULL, address TEXT,
    role TEXT NOT NULL, response TEXT NOT NULL,
    PRIMARY KEY (activity_id, contact_id)
);
CREATE INDEX activity_contact_contact ON activity_contact (contact_id);

-- Participants nobody here knows, kept by name and address.
CREATE TABLE activity_unknown (
    activity_id TEXT NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    person_key TEXT NOT NULL,
    name TEXT NOT NULL, address TEXT,
    role TEXT NOT NULL, response TEXT NOT NULL,
    PRIMARY KEY (activity_id, person_key)
);

-- The keys programs sign in with; only their hashes stand here.
CREATE TABLE token (
    id TEXT NOT NULL PRIMARY KEY,
    employee_id TEXT NOT NULL REFERENCES employee (id) ON DELETE CASCADE,
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX token_employee ON token (employee_id);

-- What happened, in the order it was committed, written in the transaction of the change. Users are those who could see
-- or hold the record before or after.
CREATE TABLE feed (
    seq BIGINT NOT NULL PRIMARY KEY,
    root_kind TEXT NOT NULL,
    root_id TEXT NOT NULL,
    op TEXT NOT NULL,
    what TEXT NOT NULL,
    shown TEXT NOT NULL,
    users TEXT NOT NULL,
    source TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- What was deleted or merged away.
CREATE TABLE tombstone (
    root_kind TEXT NOT NULL,
    root_id TEXT NOT NULL,
    integration_key TEXT,
    global_id TEXT,
    merged_into TEXT,
    users TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    deleted_by TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (root_kind, root_id)
);
CREATE INDEX tombstone_key ON tombstone (integration_key);

-- The views of the CRM: which record each user finds in them.
CREATE VIEW my_activities AS
    SELECT p.employee_id AS user_id, p.activity_id AS activity_id
    FROM activity_employee p
    WHERE p.former = 0;

CREATE VIEW my_calendar AS
    SELECT p.employee_id AS user_id, p.activity_id AS activity_id
    FROM activity_employee p JOIN activity a ON a.id = p.activity_id
    WHERE p.former = 0 AND p.hidden = 0 AND a.display = 'Calendar and Activities'
      AND a.planned_start IS NOT NULL AND a.planned_end IS NOT NULL;

CREATE VIEW my_contacts AS
    SELECT t.member_id AS user_id, t.contact_id AS contact_id
    FROM contact_team t JOIN contact c ON c.id = t.contact_id
    WHERE t.member_kind = 'employee' AND c.owner_id IS NULL
    UNION
    SELECT h.employee_id AS user_id, t.contact_id AS contact_id
    FROM contact_team t JOIN position_holder h ON h.position_id = t.member_id JOIN contact c ON c.id = t.contact_id
    WHERE t.member_kind = 'position' AND c.owner_id IS NULL;

CREATE VIEW my_personal_contacts AS
    SELECT c.owner_id AS user_id, c.id AS contact_id FROM contact c WHERE c.owner_id IS NOT NULL;

CREATE VIEW all_employees AS
    SELECT e.id AS employee_id FROM employee e;
