#!/usr/bin/env node
// ews-javascript-api, a client written elsewhere, drives a running emulator.
//
//     emulator_ews_api.js ENDPOINT PASSWORD
//
// The server has the mailboxes alice@crm.test and bob@crm.test. It uses nothing of the product; it ends with 0 when
// everything was as Exchange does it.
"use strict";

const ews = require("ews-javascript-api");

ews.EwsLogging.DebugLogEnabled = false;
const [endpoint, password] = process.argv.slice(2);
const { ConflictResolutionMode, DeleteMode, SendCancellationsMode, SendInvitationsMode } = ews;
const QUIET = ews.SendInvitationsOrCancellationsMode.SendToNone;
let checks = 0;

function check(what, left, right = true) {
  checks += 1;
  const [told, wanted] = [left, right].map((value) => JSON.stringify(value));
  if (told !== wanted) throw new Error(`${what}: ${told} is not ${wanted}`);
}

function service(address) {
  const one = new ews.ExchangeService(ews.ExchangeVersion.Exchange2013_SP1, ews.TimeZoneInfo.Utc);
  one.Url = new ews.Uri(endpoint);
  one.Credentials = new ews.WebCredentials(address, password);
  return one;
}

/** What changed in a folder since a state: the kinds of change, and the state after them. */
async function changes(alice, folder, state) {
  const id = new ews.FolderId(folder);
  const scope = ews.SyncFolderItemsScope.NormalItems;
  const page = await alice.SyncFolderItems(id, ews.PropertySet.IdOnly, [], 100, scope, state);
  const kinds = page.GetEnumerator().map((change) => ews.ChangeType[change.ChangeType]);
  check("one page", page.MoreChangesAvailable, false);
  return [kinds, page.SyncState];
}

async function contacts(alice) {
  const folder = ews.WellKnownFolderName.Contacts;
  let [kinds, state] = await changes(alice, folder, null);
  check("nothing there yet", kinds, []);
  const ann = new ews.Contact(alice);
  ann.GivenName = "Ann";
  ann.Surname = "Smith";
  ann.CompanyName = "Acme Söhne";
  ann.Body = new ews.MessageBody(ews.BodyType.Text, "first");
  ann.Categories = new ews.StringList(["Customers", "Friends"]);
  ann.EmailAddresses._setItem(ews.EmailAddressKey.EmailAddress1, new ews.EmailAddress("ann@acme.test"));
  ann.PhoneNumbers._setItem(ews.PhoneNumberKey.MobilePhone, "0170");
  await ann.Save(folder);
  const read = await ews.Contact.Bind(alice, ann.Id);
  check("names", [read.DisplayName, read.CompanyName], ["Ann Smith", "Acme Söhne"]);
  check("filed", read.FileAs, "Smith, Ann");
  check("address", read.EmailAddresses._getItem(ews.EmailAddressKey.EmailAddress1).Address, "ann@acme.test");
  check("phone", read.PhoneNumbers._getItem(ews.PhoneNumberKey.MobilePhone), "0170");
  check("categories", read.Categories.GetEnumerator(), ["Customers", "Friends"]);
  [kinds, state] = await changes(alice, folder, state);
  check("one create", kinds, ["Create"]);
  read.JobTitle = "Buyer";
  await read.Update(ConflictResolutionMode.NeverOverwrite);
  check("edited", (await ews.Contact.Bind(alice, ann.Id)).JobTitle, "Buyer");
  [kinds, state] = await changes(alice, folder, state);
  check("one update", kinds, ["Update"]);
  // The first copy still has the change key from before the edit.
  ann.JobTitle = "Chief";
  const stale = await ann.Update(ConflictResolutionMode.NeverOverwrite).then(
    () => "written over",
    (error) => ews.ServiceError[error.ErrorCode],
  );
  check("a stale one is refused", stale, "ErrorIrresolvableConflict");
  const view = new ews.ItemView(10);
  const found = await alice.FindItems(folder, new ews.SearchFilter.IsEqualTo(ews.ContactSchema.Surname, "Smith"), view);
  check("found", [found.TotalCount, found.MoreAvailable], [1, false]);
  const names = await alice.ResolveName("bob");
  check("a name", names._getItem(0).Mailbox.Address, "bob@crm.test");
  await read.Delete(DeleteMode.MoveToDeletedItems);
  [kinds] = await changes(alice, folder, state);
  check("one delete", kinds, ["Delete"]);
  check("in the bin", (await alice.FindItems(ews.WellKnownFolderName.DeletedItems, view)).TotalCount, 1);
}

async function appointments(alice) {
  const one = new ews.Appointment(alice);
  one.Subject = "One";
  one.Location = "Room 1";
  one.Start = new ews.DateTime("2026-03-28T09:00:00Z");
  one.End = new ews.DateTime("2026-03-28T10:00:00Z");
  one.ReminderMinutesBeforeStart = 30;
  await one.Save(SendInvitationsMode.SendToNone);
  const read = await ews.Appointment.Bind(alice, one.Id);
  check("its start", read.Start.ToISOString(), "2026-03-28T09:00:00.000Z");
  check("its place", [read.Location, read.ReminderMinutesBeforeStart, read.IsMeeting], ["Room 1", 30, false]);
  read.Subject = "One changed";
  read.Start = new ews.DateTime("2026-03-28T09:30:00Z");
  await read.Update(ConflictResolutionMode.AutoResolve, QUIET);
  const again = await ews.Appointment.Bind(alice, one.Id);
  check("edited", [again.Subject, again.Start.ToISOString()], ["One changed", "2026-03-28T09:30:00.000Z"]);
  await again.Delete(DeleteMode.MoveToDeletedItems, SendCancellationsMode.SendToNone);
  const gone = await ews.Appointment.Bind(alice, one.Id).then(
    () => "there",
    (error) => ews.ServiceError[error.ErrorCode],
  );
  check("gone", gone, "ErrorItemNotFound");
}

/** The appointments of the last days of March, in order of their starts. */
async function march(alice) {
  const window = new ews.CalendarView(new ews.DateTime("2026-03-26T00:00:00Z"), new ews.DateTime("2026-04-03T00:00:00Z"));
  const found = await alice.FindAppointments(ews.WellKnownFolderName.Calendar, window);
  return found.Items.map((item) => [item.Start.ToISOString().slice(8, 13), item.Subject]).sort();
}

async function series(alice) {
  const master = new ews.Appointment(alice);
  master.Subject = "Daily";
  master.Start = new ews.DateTime("2026-03-27T09:00:00Z");
  master.End = new ews.DateTime("2026-03-27T09:30:00Z");
  master.Recurrence = new ews.Recurrence.DailyPattern(new ews.DateTime("2026-03-27T09:00:00Z"), 1);
  master.Recurrence.NumberOfOccurrences = 5;
  await master.Save(SendInvitationsMode.SendToNone);
  const daily = ["27T09", "28T09", "29T09", "30T09", "31T09"].map((day) => [day, "Daily"]);
  check("its days", await march(alice), daily);
  const second = await ews.Appointment.BindToOccurrence(alice, master.Id, 2);
  second.Subject = "Later";
  second.Start = new ews.DateTime("2026-03-28T11:00:00Z");
  second.End = new ews.DateTime("2026-03-28T11:30:00Z");
  await second.Update(ConflictResolutionMode.AutoResolve, QUIET);
  const third = await ews.Appointment.BindToOccurrence(alice, master.Id, 3);
  await third.Delete(DeleteMode.MoveToDeletedItems, SendCancellationsMode.SendToNone);
  const left = [["27T09", "Daily"], ["28T11", "Later"], ["30T09", "Daily"], ["31T09", "Daily"]];
  check("one moved, one gone", await march(alice), left);
  const read = await ews.Appointment.Bind(alice, master.Id);
  check("a master", ews.AppointmentType[read.AppointmentType], "RecurringMaster");
  check("its exceptions", [read.ModifiedOccurrences.Count, read.DeletedOccurrences.Count], [1, 1]);
  const [kinds] = await changes(alice, ews.WellKnownFolderName.Calendar, null);
  check("a sync shows the master only", kinds, ["Create"]);
  await read.Delete(DeleteMode.HardDelete, SendCancellationsMode.SendToNone);
  check("none left", await march(alice), []);
}

async function tasks(alice) {
  const call = new ews.Task(alice);
  call.Subject = "Call";
  call.Importance = ews.Importance.High;
  call.DueDate = new ews.DateTime("2026-01-09T00:00:00Z");
  await call.Save(ews.WellKnownFolderName.Tasks);
  const read = await ews.Task.Bind(alice, call.Id);
  check("its day", read.DueDate.ToISOString().slice(0, 10), "2026-01-09");
  check("open", [ews.TaskStatus[read.Status], read.IsComplete], ["NotStarted", false]);
  read.Status = ews.TaskStatus.Completed;
  await read.Update(ConflictResolutionMode.AutoResolve);
  const done = await ews.Task.Bind(alice, call.Id);
  check("done", [done.IsComplete, done.PercentComplete], [true, 100]);
  await done.Delete(DeleteMode.HardDelete);
  const [kinds] = await changes(alice, ews.WellKnownFolderName.Tasks, null);
  check("none left", kinds, []);
}

async function folders(alice) {
  const scope = ews.PropertySet.FirstClassProperties;
  const all = await alice.SyncFolderHierarchy(new ews.FolderId(ews.WellKnownFolderName.MsgFolderRoot), scope, null);
  check("folders there are", all.Count > 5);
  const state = all.SyncState;
  const made = new ews.Folder(alice);
  made.DisplayName = "Sorted";
  await made.Save(ews.WellKnownFolderName.Inbox);
  const news = await alice.SyncFolderHierarchy(new ews.FolderId(ews.WellKnownFolderName.MsgFolderRoot), scope, state);
  check("one more", [news.Count, news._getItem(0).Folder.DisplayName], [1, "Sorted"]);
  await made.Delete(DeleteMode.HardDelete);
}

/** Texts as this client needs them: it puts them into its requests as they are. */
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/**
 * Sends an answer or a cancellation as Accept() and the like do. They look for items in the server's reply, of which it has
 * none (Microsoft's example of CreateItem for a meeting request: `<m:Items />`), and fail though all was done.
 */
const sent = (message) => message.InternalCreate(null, ews.MessageDisposition.SendAndSaveCopy);

/** The only appointment in somebody's calendar, in full; nothing when there is none. */
async function only(mailbox) {
  const found = await mailbox.FindItems(ews.WellKnownFolderName.Calendar, new ews.ItemView(10));
  check("one at most", found.TotalCount < 2);
  return found.TotalCount === 0 ? null : ews.Appointment.Bind(mailbox, found.Items[0].Id);
}

/** What an organiser's copy knows of the answers, by address. */
const answers = (meeting) =>
  meeting.RequiredAttendees.GetEnumerator()
    .map((one) => [one.Address, ews.MeetingResponseType[one.ResponseType]])
    .sort();

async function meetings(alice) {
  const [bob, carol] = ["bob@crm.test", "carol@crm.test"].map(service);
  const subject = "Plans & <drafts>";
  const meeting = new ews.Appointment(alice);
  meeting.Subject = escaped(subject);
  meeting.Location = escaped("R&D");
  meeting.Start = new ews.DateTime("2026-03-28T09:00:00Z");
  meeting.End = new ews.DateTime("2026-03-28T10:00:00Z");
  meeting.RequiredAttendees.Add("bob@crm.test");
  meeting.RequiredAttendees.Add("carol@crm.test");
  await meeting.Save(SendInvitationsMode.SendToAllAndSaveCopy);
  const mine = await only(alice);
  check("as it was written", [mine.Subject, mine.Location], [subject, "R&D"]);
  check("the organiser's", [mine.IsMeeting, ews.MeetingResponseType[mine.MyResponseType]], [true, "Organizer"]);
  for (const invited of [bob, carol]) {
    const copy = await only(invited);
    check("invited", [copy.Subject, copy.Organizer.Address, copy.IsMeeting], [subject, "alice@crm.test", true]);
    check("asked", ews.MeetingResponseType[copy.MyResponseType], "NoResponseReceived");
  }
  await sent((await only(bob)).CreateAcceptMessage(false));
  check("bob comes", ews.MeetingResponseType[(await only(bob)).MyResponseType], "Accept");
  await sent((await only(carol)).CreateDeclineMessage());
  check("carol does not, and has it no more", await only(carol), null);
  const told = [["bob@crm.test", "Accept"], ["carol@crm.test", "Decline"]];
  check("alice was told", answers(await only(alice)), told);
  const moved = await only(alice);
  moved.Start = new ews.DateTime("2026-03-28T11:00:00Z");
  moved.End = new ews.DateTime("2026-03-28T12:00:00Z");
  await moved.Update(ConflictResolutionMode.AutoResolve, ews.SendInvitationsOrCancellationsMode.SendToAllAndSaveCopy);
  check("bob was told", (await only(bob)).Start.ToISOString(), "2026-03-28T11:00:00.000Z");
  const cancellation = (await only(alice)).CreateCancelMeetingMessage();
  cancellation.Body = new ews.MessageBody(ews.BodyType.Text, escaped("No room & no time"));
  await sent(cancellation);
  check("alice has it no more", await only(alice), null);
  const cancelled = await only(bob);
  check("cancelled", [cancelled.IsCancelled, cancelled.Subject.includes(subject)], [true, true]);
  await cancelled.Delete(DeleteMode.HardDelete, SendCancellationsMode.SendToNone);
  check("and gone", await only(bob), null);
}

async function main() {
  const alice = service("alice@crm.test");
  for (const part of [contacts, appointments, series, tasks, folders, meetings]) await part(alice);
  console.log(`${checks} checks passed`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
