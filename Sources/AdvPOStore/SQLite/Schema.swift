import GRDB

/// The database's tables, and every statement that names one: SQL identifiers live here and nowhere else.
///
/// `docs/state.md` explains the tables; statements select columns in the order in which their readers take them.
enum Schema {
    /// Raised by each migration.
    static var version: Int { 1 + migrations.count }
    static let fileName = "advpo.sqlite"

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { db in try db.execute(sql: version1) }
        for migration in migrations { migrator.registerMigration(migration.name) { db in try db.execute(sql: migration.sql) } }
        return migrator
    }

    /// After the first version, in order; each is one entry here, and raises `meta.schema` by one.
    private static let migrations: [(name: String, sql: String)] = [
        ("v2", version2),
        ("stories", stories),
    ]

    private static let version1 = """
        CREATE TABLE meta (
            only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
            schema INTEGER NOT NULL,
            epoch INTEGER NOT NULL CHECK (epoch >= 0)
        ) STRICT;
        INSERT INTO meta (only_row, schema, epoch) VALUES (1, 1, 0);

        CREATE TABLE jobs (
            id TEXT NOT NULL PRIMARY KEY,
            status TEXT NOT NULL,
            failure_message TEXT,
            client_token TEXT,
            created_ms INTEGER NOT NULL,
            modified_ms INTEGER NOT NULL,
            request BLOB NOT NULL
        ) STRICT;

        CREATE TABLE blobs (
            hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
            bytes BLOB NOT NULL
        ) STRICT;

        CREATE TABLE job_blobs (
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            blob BLOB NOT NULL REFERENCES blobs (hash),
            PRIMARY KEY (job, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX job_blobs_by_blob ON job_blobs (blob);

        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            template INTEGER NOT NULL,
            model INTEGER NOT NULL,
            state TEXT NOT NULL,
            outcome TEXT,
            UNIQUE (job, template, model)
        ) STRICT;

        CREATE TABLE candidates (
            run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            record TEXT NOT NULL,
            UNIQUE (run, position)
        ) STRICT;

        CREATE TABLE units (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            unit BLOB NOT NULL CHECK (length(unit) = 32),
            lease TEXT NOT NULL,
            status TEXT NOT NULL,
            score REAL,
            cost_nano_dollars INTEGER,
            input_tokens INTEGER,
            output_tokens INTEGER,
            latency_us INTEGER,
            provider_calls INTEGER NOT NULL,
            record TEXT NOT NULL,
            UNIQUE (run, unit)
        ) STRICT;
        CREATE INDEX units_by_run ON units (run);

        CREATE TABLE journal (
            id INTEGER PRIMARY KEY,
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            at_ms INTEGER NOT NULL,
            text TEXT NOT NULL
        ) STRICT;
        CREATE INDEX journal_by_job ON journal (job);

        CREATE VIEW unit_list AS
            SELECT units.id, runs.job, runs.template, runs.model, lower(hex(units.unit)) AS unit, units.lease, units.status, units.score,
                units.cost_nano_dollars / 1e9 AS cost_dollars, units.input_tokens, units.output_tokens, units.latency_us / 1e3 AS latency_ms,
                units.provider_calls, units.record
            FROM units JOIN runs ON runs.id = units.run;
        CREATE VIEW candidate_list AS
            SELECT runs.job, runs.template, runs.model, candidates.position, candidates.record
            FROM candidates JOIN runs ON runs.id = candidates.run;
        """

    private static let version2 = """
        CREATE TABLE spending (
            run INTEGER NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
            calls INTEGER NOT NULL,
            record TEXT NOT NULL
        ) STRICT;
        UPDATE meta SET schema = schema + 1;
        """

    // MARK: Writing

    // GRDB binds an empty Data as NULL; coalesce turns it back into the empty content that it is.
    static let putJob = """
        INSERT INTO jobs (id, status, failure_message, client_token, created_ms, modified_ms, request) VALUES (?, ?, ?, ?, ?, ?, coalesce(?, x''))
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, failure_message = excluded.failure_message, client_token = excluded.client_token,
            created_ms = excluded.created_ms, modified_ms = excluded.modified_ms, request = excluded.request
        """
    static let dropJobBlobs = "DELETE FROM job_blobs WHERE job = ?"
    static let addJobBlob = "INSERT INTO job_blobs (job, position, blob) VALUES (?, ?, ?)"
    static let putRun = """
        INSERT INTO runs (job, template, model, state, outcome) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (job, template, model) DO UPDATE SET state = excluded.state, outcome = excluded.outcome
        """
    static let putCandidate = """
        INSERT INTO candidates (run, position, record) VALUES (?, ?, ?)
        ON CONFLICT (run, position) DO UPDATE SET record = excluded.record
        """
    static let addUnit = """
        INSERT INTO units (run, unit, lease, status, score, cost_nano_dollars, input_tokens, output_tokens, latency_us, provider_calls, record)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (run, unit) DO NOTHING
        """
    static let putSpending = """
        INSERT INTO spending (run, calls, record) VALUES (?, ?, ?)
        ON CONFLICT (run) DO UPDATE SET calls = excluded.calls, record = excluded.record
        """
    static let addBlob = "INSERT INTO blobs (hash, bytes) VALUES (?, coalesce(?, x'')) ON CONFLICT (hash) DO NOTHING"
    static let setEpoch = "UPDATE meta SET epoch = ?"
    static let addJournal = "INSERT INTO journal (job, at_ms, text) VALUES (?, ?, ?)"
    static let orphansOfJob = """
        SELECT DISTINCT blob FROM job_blobs AS mine
        WHERE job = ?1 AND NOT EXISTS (SELECT 1 FROM job_blobs AS other WHERE other.blob = mine.blob AND other.job <> ?1)
        """
    static let deleteJob = "DELETE FROM jobs WHERE id = ?"
    static let deleteBlob = "DELETE FROM blobs WHERE hash = ?"

    // MARK: Reading

    static let schemaVersion = "SELECT schema FROM meta"
    static let epoch = "SELECT epoch FROM meta"
    static let jobs = "SELECT id, status, failure_message, client_token, created_ms, modified_ms, request FROM jobs ORDER BY created_ms, id"
    static let jobExists = "SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ?)"
    static let blobsOfJob = "SELECT blob FROM job_blobs WHERE job = ? ORDER BY position"
    static let blobExists = "SELECT EXISTS (SELECT 1 FROM blobs WHERE hash = ?)"
    static let blob = "SELECT bytes FROM blobs WHERE hash = ?"
    static let runs = "SELECT job, template, model, state, outcome FROM runs ORDER BY job, template, model"
    static let runKey = "SELECT id FROM runs WHERE job = ? AND template = ? AND model = ?"
    static let unitsOfRun = "SELECT unit, record, lease FROM units WHERE run = ? ORDER BY id"
    static let candidatesOfRun = "SELECT position, record FROM candidates WHERE run = ? ORDER BY position"
    static let spendingOfRun = "SELECT calls, record FROM spending WHERE run = ?"
    static let journalOfJob = "SELECT at_ms, text FROM journal WHERE job = ? ORDER BY id"
}
