//! The CRM's own name for itself: what tells its records from those of another CRM that counts by the same numbers.

use crate::Crm;
use crate::error::Error;

impl Crm {
    /// The name that this CRM bears. Who asks first throws the dice: `thrown` stands from then on, also in its backups.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn identity(&self, thrown: u64) -> Result<String, Error> {
        let mut tx = self.db.write().await?;
        let thrown = i64::try_from(thrown >> 1).unwrap_or(i64::MAX);
        let sql = "INSERT INTO counter (name, value) VALUES ('identity', $1) ON CONFLICT (name) DO NOTHING";
        tx.execute(sql, vec![thrown.into()]).await?;
        let row = tx.row("SELECT value FROM counter WHERE name = 'identity'", vec![]).await?;
        let number = row.ok_or(Error::Corrupt { what: "the CRM's name for itself" })?.int()?;
        tx.commit().await?;
        Ok(format!("{number:016x}"))
    }
}
