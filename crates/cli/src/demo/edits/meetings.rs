//! What people do with meetings on the working day: they change, delete, answer and call off.

use super::super::outlook::Answered;
use super::super::track::{Copy, Form, Track, User};
use super::{Day, OFTEN, RARELY};
use anyhow::Result;
use model::{Domain, Field, Level};

/// What happens to an invitation.
#[derive(Clone, Copy)]
enum Deed {
    /// Its organiser moves it elsewhere and sends it again.
    Changed,
    /// Somebody invited answers.
    Answered(Answered),
    /// Its organiser calls it off.
    CalledOff,
}

/// In turn; each so often that the sample shows it.
const DEEDS: [(Deed, &str); 5] = [
    (Deed::Changed, "invitation changed and sent again"),
    (Deed::Answered(Answered::Accepted), "invitation accepted"),
    (Deed::Answered(Answered::Tentative), "invitation accepted tentatively"),
    (Deed::Answered(Answered::Declined), "invitation declined"),
    (Deed::CalledOff, "invitation called off"),
];

impl Day<'_> {
    /// Meetings over several mailboxes (C6, P1, P5, P6).
    pub(super) async fn meetings(&mut self, tracks: &mut [Track]) -> Result<()> {
        let ours: Vec<usize> = (0..tracks.len())
            .filter(|at| {
                let track = &tracks[*at];
                let owner = track.crm.as_ref().and_then(|crm| crm.owner);
                track.is_meeting()
                    && track.out.is_none()
                    && owner.is_some_and(|owner| self.rules.level(owner, Domain::Calendar) == Level::FULL)
                    && track.copies.len() > 1
                    && track.copies.values().all(|copy| copy.form != Form::Received)
            })
            .collect();
        for (turn, at) in self.draw.some(&ours, OFTEN * 2).into_iter().enumerate() {
            self.used.insert(at);
            let track = &mut tracks[at];
            let owner = track.crm.as_ref().and_then(|crm| crm.owner).unwrap_or(0);
            match turn % 3 {
                0 => {
                    let value = self.text("CRM", track);
                    self.hand.crm_one(track, Field::Location, value).await?;
                    self.did("meeting changed in the CRM");
                }
                1 => {
                    let value = self.text("mailbox", track);
                    self.hand.pim(track, owner, &[(Field::Location, value)]).await?;
                    self.did("meeting changed by its owner in a mailbox");
                }
                _ => {
                    let guest = track
                        .copies
                        .iter()
                        .find(|(user, copy)| {
                            **user != owner
                                && copy.base.is_some()
                                && self.rules.level(**user, Domain::Calendar) == Level::FULL
                        })
                        .map(|(user, _)| *user);
                    if let Some(guest) = guest {
                        self.hand.pim_delete(track, guest).await?;
                        self.did("meeting deleted by a participant");
                    }
                }
            }
        }
        self.invitations(tracks).await
    }

    /// Meetings that people sent invitations to (P3, P4, C6).
    async fn invitations(&mut self, tracks: &mut [Track]) -> Result<()> {
        let sent: Vec<usize> = (0..tracks.len())
            .filter(|at| tracks[*at].copies.values().any(|copy| copy.form == Form::Received))
            .collect();
        let picked = self.draw.some(&sent, RARELY * DEEDS.len());
        for (at, (deed, told)) in picked.into_iter().zip(DEEDS.into_iter().cycle()) {
            self.used.insert(at);
            let track = &mut tracks[at];
            let organizer = track.copies.iter().find(|(_, copy)| copy.form == Form::Own).map_or(0, |(user, _)| *user);
            match deed {
                Deed::Changed => {
                    let place = self.text("new", track);
                    self.hand.pim_meeting(track, organizer, Field::Location, place).await?;
                }
                Deed::Answered(answer) => {
                    let invited = track.copies.iter().find(|(user, copy)| self.listens(**user, copy)).map(|of| *of.0);
                    let Some(invited) = invited else { continue };
                    self.hand.pim_answer(track, invited, answer).await?;
                }
                Deed::CalledOff => self.hand.pim_call_off(track, organizer).await?,
            }
            self.did(told);
        }
        Ok(())
    }

    /// A user who was invited and whose calendar goes both ways.
    fn listens(&self, user: User, copy: &Copy) -> bool {
        copy.form == Form::Received && copy.stands() && self.rules.level(user, Domain::Calendar) == Level::FULL
    }
}
