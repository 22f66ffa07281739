/// Stories of tasks: their table and its statements.
extension Schema {
    static let stories = """
        CREATE TABLE stories (
            epoch INTEGER NOT NULL,
            task INTEGER NOT NULL,
            run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            ended_ms INTEGER NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (epoch, task)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX stories_by_run ON stories (run);
        UPDATE meta SET schema = schema + 1;
        """

    static let putStory = """
        INSERT INTO stories (epoch, task, run, ended_ms, record) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (epoch, task) DO UPDATE SET run = excluded.run, ended_ms = excluded.ended_ms, record = excluded.record
        """
    private static let columns = "SELECT runs.job, runs.template, runs.model, stories.epoch, stories.task, stories.ended_ms, stories.record"
    static let storyOfTask = "\(columns) FROM stories JOIN runs ON runs.id = stories.run WHERE stories.epoch = ? AND stories.task = ?"
    static let storiesOfJob = """
        \(columns) FROM runs CROSS JOIN stories ON stories.run = runs.id WHERE runs.job = ? ORDER BY stories.epoch DESC, stories.task DESC LIMIT ?
        """
    private static let places = "SELECT runs.job, runs.template, runs.model, units.unit, units.lease, units.status FROM units JOIN runs ON runs.id = units.run"
    static let unitsByName = "\(places) WHERE lower(hex(units.unit)) GLOB ? || '*' ORDER BY units.id LIMIT ?"
    static let unitsByTask = "\(places) WHERE units.lease GLOB ? || '.*' ORDER BY units.id LIMIT ?"
}
