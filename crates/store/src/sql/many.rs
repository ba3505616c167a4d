//! Statements that take many rows at once: a page of a mailbox is stored with a few statements, not with several for each item.

use crate::db::{Query, Tx};
use crate::error::Result;
use crate::value::{Arg, Row};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// How many rows one statement takes, the largest first: few texts, so that each stays prepared. Each keeps well below the
/// 32,766 parameters that SQLite takes.
const ROWS: [usize; 6] = [512, 128, 64, 16, 4, 1];
/// A text for each of them.
type Texts = [Query; ROWS.len()];

/// A statement about any number of rows. Its text repeats what stands for one row; some parameters are shared by all.
pub(super) struct Many {
    shape: Shape,
    portions: LazyLock<Texts, fn() -> Texts>,
}

/// How the text is made: what stands before the rows and after them, and around each row's own parameters.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub before: &'static str,
    pub row: (&'static str, &'static str),
    pub after: &'static str,
    /// Parameters of all rows.
    pub shared: usize,
    /// Parameters of each row.
    pub own: usize,
}

impl Many {
    /// `portions` is [`Shape::portions`] of the same shape.
    pub(super) const fn new(shape: Shape, portions: fn() -> Texts) -> Many {
        Many { shape, portions: LazyLock::new(portions) }
    }

    /// Runs it for rows whose own parameters follow one another; says how many rows it changed.
    pub(super) async fn run(&'static self, tx: &mut Tx, shared: Vec<Arg>, rows: Vec<Arg>) -> Result<u64> {
        let mut changed = 0;
        for (query, args) in self.calls(&shared, rows) {
            changed += tx.run(query, args).await?;
        }
        Ok(changed)
    }

    /// The rows it finds for the members of a list; those of a member that was filled up with come more than once.
    pub(super) async fn all(&'static self, tx: &mut Tx, shared: Vec<Arg>, rows: Vec<Arg>) -> Result<Vec<Row>> {
        let mut found = Vec::new();
        for (query, args) in self.calls(&shared, rows) {
            found.extend(tx.all(query, args).await?);
        }
        Ok(found)
    }

    /// The statements it takes, with the parameters of each.
    fn calls(&'static self, shared: &[Arg], rows: Vec<Arg>) -> Vec<(Query, Vec<Arg>)> {
        assert!(
            shared.len() == self.shape.shared && rows.len().is_multiple_of(self.shape.own),
            "parameters of whole rows"
        );
        let rows = if self.shape.is_list() { filled(rows) } else { rows };
        let mut left = rows.len() / self.shape.own;
        let mut rows = rows.into_iter();
        let mut calls = Vec::new();
        for (portion, query) in ROWS.into_iter().zip(self.portions.iter()) {
            while left >= portion {
                let mut args = Vec::with_capacity(shared.len() + portion * self.shape.own);
                args.extend(shared.iter().cloned());
                args.extend(rows.by_ref().take(portion * self.shape.own));
                calls.push((*query, args));
                left -= portion;
            }
        }
        calls
    }

    /// Its texts, for the test that has both databases prepare them.
    #[cfg(test)]
    pub(super) fn queries(&'static self) -> Texts {
        *self.portions
    }
}

/// A list filled up with its last member to whole portions, so that it takes the fewest statements.
fn filled(mut list: Vec<Arg>) -> Vec<Arg> {
    let rest = list.len() % ROWS[0];
    let whole = ROWS.into_iter().rev().find(|portion| *portion >= rest).filter(|_| rest > 0).unwrap_or(rest);
    if let Some(last) = list.last().cloned() {
        list.resize(list.len() - rest + whole, last);
    }
    list
}

impl Shape {
    /// The texts for each portion. They are made once and live as long as the program.
    pub(super) fn portions(&self) -> Texts {
        ROWS.map(|portion| Query::counted(self.text(portion).leak()))
    }

    /// Whether the rows are the members of a list, of which one may be named twice.
    fn is_list(&self) -> bool {
        self.row.0.is_empty()
    }

    fn text(&self, portion: usize) -> String {
        let mut text = self.before.to_owned();
        for row in 0..portion {
            text.push_str(if row == 0 { "" } else { ", " });
            text.push_str(self.row.0);
            for own in 1..=self.own {
                let comma = if own == 1 { "" } else { ", " };
                // Writing into a text cannot fail.
                let _ = write!(text, "{comma}${}", self.shared + row * self.own + own);
            }
            text.push_str(self.row.1);
        }
        text.push_str(self.after);
        text
    }
}

/// Declares such statements, and lists them for the test that has both databases prepare them.
macro_rules! many {
    ($($name:ident($shared:literal, $own:literal) = $before:expr, $open:literal .. $close:literal, $after:literal;)*) => {
        $(
            pub(super) static $name: $crate::sql::many::Many = {
                const SHAPE: $crate::sql::many::Shape = $crate::sql::many::Shape {
                    before: $before,
                    row: ($open, $close),
                    after: $after,
                    shared: $shared,
                    own: $own,
                };
                $crate::sql::many::Many::new(SHAPE, || SHAPE.portions())
            };
        )*
        #[cfg(test)]
        pub(super) fn many() -> Vec<(&'static str, $crate::db::Query)> {
            let all = [$((stringify!($name), $name.queries())),*];
            all.into_iter().flat_map(|(name, queries)| queries.map(|query| (name, query))).collect()
        }
    };
}
pub(super) use many;

#[cfg(test)]
mod tests {
    use super::{Arg, Shape, filled};

    #[test]
    fn a_list_is_filled_up_to_the_fewest_statements_and_names_nothing_else() {
        for (len, filled_to) in
            [(0, 0), (1, 1), (2, 4), (16, 16), (17, 64), (100, 128), (129, 512), (512, 512), (513, 513), (600, 640)]
        {
            let list: Vec<Arg> = (0..len).map(|n: usize| Arg::from(n)).collect();
            let numbers: Vec<usize> = filled(list)
                .iter()
                .map(|arg| match arg {
                    Arg::Int(Some(number)) => usize::try_from(*number).unwrap(),
                    Arg::Int(None) | Arg::Text(_) => panic!("a number"),
                })
                .collect();
            assert_eq!(numbers.len(), filled_to);
            assert!(numbers.iter().enumerate().all(|(at, number)| *number == at.min(len - 1)));
        }
    }

    #[test]
    fn each_row_has_parameters_of_its_own_after_those_of_all() {
        let insert = Shape { before: "VALUES ", row: ("($1, ", ")"), after: " END", shared: 1, own: 2 };
        assert_eq!(insert.text(1), "VALUES ($1, $2, $3) END");
        assert_eq!(insert.text(3), "VALUES ($1, $2, $3), ($1, $4, $5), ($1, $6, $7) END");
        let list = Shape { before: "id IN (", row: ("", ""), after: ")", shared: 3, own: 1 };
        assert_eq!(list.text(2), "id IN ($4, $5)");
    }
}
