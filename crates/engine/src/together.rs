//! New items that go out together: gathered while a cycle acts, made in one call, each settled for itself (rule E1).

use crate::act::seen_kind;
use crate::brake::Stopped;
use crate::create::NewItem;
use crate::cycle::Cycle;
use crate::judge::Judged;
use crate::lead::Awaits;
use crate::limits;
use crate::meeting;
use crate::outcome::CycleError;
use crate::port::Trouble;
use crate::turn::{Turn, Turns};
use model::{Fields, Kind, Seen, Side, Value};
use plan::{After, Op};
use store::Work;

/// Records whose items are made by the next call.
#[derive(Default)]
pub(crate) struct Gathered {
    all: Vec<(Work, Judged)>,
    kind: Option<Kind>,
    bytes: usize,
}

impl Gathered {
    /// Whether one more goes along.
    fn takes(&self, kind: Option<Kind>, bytes: usize, most: usize) -> bool {
        self.all.is_empty()
            || (self.all.len() < most && self.kind == kind && self.bytes + bytes <= limits::CREATE_BYTES)
    }

    fn add(&mut self, work: Work, judged: Judged, bytes: usize) {
        self.kind = seen_kind(&work);
        self.bytes += bytes;
        self.all.push((work, judged));
    }
}

impl Cycle<'_> {
    /// Works on one record: a new item waits to go out with others, anything else is done at once, and judged as what was
    /// gathered has left the world. What is done then is boxed: a record's turn is deep, and a thread's stack is not.
    pub(crate) async fn act_or_gather(
        &mut self,
        of_page: &Work,
        stopped: &Stopped,
        gathered: &mut Gathered,
    ) -> Result<(), CycleError> {
        if !is_record_alone(of_page) {
            Box::pin(self.make_gathered(gathered)).await?;
        }
        let Some((work, judged)) = self.judged_now(of_page, stopped).await? else {
            return Ok(());
        };
        if let Some(fields) = plain_create(&work, &judged) {
            let (kind, bytes) = (seen_kind(&work), weight(fields));
            if !gathered.takes(kind, bytes, self.creates) {
                Box::pin(self.make_gathered(gathered)).await?;
            }
            gathered.add(work, judged, bytes);
            return Ok(());
        }
        if gathered.all.is_empty() || is_left_out(&judged) {
            return Box::pin(self.act(&work, judged)).await;
        }
        Box::pin(self.make_gathered(gathered)).await?;
        match self.judged_now(of_page, stopped).await? {
            Some((work, judged)) => Box::pin(self.act(&work, judged)).await,
            None => Ok(()),
        }
    }

    async fn judged_now(&mut self, of_page: &Work, stopped: &Stopped) -> Result<Option<(Work, Judged)>, CycleError> {
        // What an earlier record's turn has settled since the page was read is not taken up again.
        let Some(work) = self.still(of_page).await? else {
            return Ok(None);
        };
        let judged = Box::pin(self.judge(&work)).await?.filter(|judged| !stopped.stops(&judged.plan));
        Ok(judged.map(|judged| (work, judged)))
    }

    /// Makes what was gathered: what recognises each is stored, one call carries them, and each settles by itself. The
    /// first that must wait ends the cycle, after those that were made are settled.
    pub(crate) async fn make_gathered(&mut self, gathered: &mut Gathered) -> Result<(), CycleError> {
        let (works, judged): (Vec<Work>, Vec<Judged>) = std::mem::take(gathered).all.into_iter().unzip();
        let mut turns: Vec<Turn<'_>> = Vec::with_capacity(works.len());
        for (work, judged) in works.iter().zip(judged) {
            turns.extend(self.begin_turn(work, judged).await?);
        }
        if turns.is_empty() {
            return Ok(());
        }
        let sent = self.engine.now();
        self.keep_lease().await?;
        self.identify().await?;
        let Some(items) = turns.iter_mut().map(new_item).collect::<Option<Vec<_>>>() else {
            // Nothing but new items is gathered.
            return Ok(());
        };
        let steps = self.create_items(items).await?;
        let mut made = Vec::with_capacity(turns.len());
        let mut waits: Option<Trouble> = None;
        for (mut turn, step) in turns.into_iter().zip(steps) {
            match self.or_keep(turn.work, &mut turn.acting, step).await {
                Ok(step) => match self.after_step(&mut turn, 0, sent, step).await? {
                    Turns::On => made.push(turn),
                    Turns::Over => {}
                },
                Err(CycleError::Trouble(trouble)) => {
                    waits.get_or_insert(trouble);
                }
                Err(error) => return Err(error),
            }
        }
        self.complete(made, waits).await
    }
}

fn new_item<'a>(turn: &'a mut Turn<'_>) -> Option<NewItem<'a>> {
    match turn.plan.ops.first() {
        Some(Op::Create { side: Side::Pim, domain, fields, form, global_id, .. }) => {
            let meeting = meeting::of(*form, global_id.as_ref(), turn.acting.crm.as_ref());
            Some(NewItem { acting: &mut turn.acting, domain: *domain, fields, meeting })
        }
        Some(_) | None => None,
    }
}

/// A CRM record without a copy: only of such a one a new item comes, and judging it changes nothing.
fn is_record_alone(work: &Work) -> bool {
    let shown = matches!(work.crm.as_ref().map(|seen| &seen.seen), Some(Seen::Present(_)));
    work.link.is_none() && work.pim.is_none() && shown
}

/// Nothing is written, and what was gathered has no part in the reason.
fn is_left_out(judged: &Judged) -> bool {
    match &judged.plan.after {
        After::Stranger(_) | After::Wait(_) | After::Quarantine(_) => true,
        After::Linked(_) | After::New { .. } | After::Away(_) | After::Forget | After::Ambiguous => false,
    }
}

/// What a plain new item says: one that a single request makes whole, of a record that nothing else hangs on.
fn plain_create<'j>(work: &Work, judged: &'j Judged) -> Option<&'j Fields> {
    let plan = &judged.plan;
    let simple = is_record_alone(work)
        && matches!(plan.after, After::New { .. })
        && plan.conflicts.is_empty()
        && judged.ambiguous.is_none()
        && judged.doubles.is_empty()
        && judged.awaits == Awaits::Nobody
        && !judged.invited;
    match plan.ops.as_slice() {
        [Op::Create { side: Side::Pim, fields, form, global_id, .. }] if simple => {
            let is_meeting = meeting::of(*form, global_id.as_ref(), judged.crm.as_ref()).is_some();
            let has_exceptions = fields.keys().any(|path| path.occurrence.is_some());
            Some(fields).filter(|_| !is_meeting && !has_exceptions)
        }
        _ => None,
    }
}

/// Bytes that an item's values take, roughly.
fn weight(fields: &Fields) -> usize {
    let of = |value: &Value| match value {
        Value::Text(text) => text.len(),
        Value::Set(words) => words.iter().map(String::len).sum(),
        Value::People(people) => people.len() * 256,
        Value::Null
        | Value::Cleared
        | Value::Flag(_)
        | Value::Number(_)
        | Value::Day(_)
        | Value::When(_)
        | Value::Instant(_)
        | Value::Rule(_) => 64,
    };
    fields.values().map(|value| of(value) + 64).sum()
}
