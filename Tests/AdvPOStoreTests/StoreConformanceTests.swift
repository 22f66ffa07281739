import AdvPOModel
import AdvPOStore
import Testing

/// What every store does, run on each of them.
@Suite("Every store", .timeLimit(.minutes(1)))
struct StoreConformanceTests {
    @Test("is empty at first, with epoch 0", arguments: StoreKind.allCases)
    func isEmptyAtFirst(kind: StoreKind) async throws {
        try await kind.run { store in
            let nothing = try await store.load()
            #expect(nothing == StoreSnapshot(epoch: 0, jobs: [], runs: []))
            #expect(try await store.blob(Fixture.blob("x").hash) == nil)
            #expect(try await store.units(of: Fixture.run(1)) == [])
            #expect(try await store.candidates(of: Fixture.run(1)) == [])
            #expect(try await store.journal(of: Fixture.id(1)) == [])
        }
    }

    @Test("gives back one record of each kind as it was", arguments: StoreKind.allCases)
    func givesBackEachKind(kind: StoreKind) async throws {
        try await kind.run { store in
            let blob = Fixture.blob("the content")
            var job = try Fixture.job(1, blobs: [blob])
            job.failureMessage = "line 3: é, 💥, \"quoted\"\nand a second line"
            let run = try Fixture.run(1, template: 2, model: 3)
            let stored = Fixture.stored(run, state: "improved", outcome: #"{"gain":0.25}"#)
            let candidate = StoredCandidate(run: run, position: 4, record: #"{"operator":"rewrite"}"#)
            let unit = Fixture.unit(1, of: run)
            let entry = try Fixture.entry(1, "the run began")
            try await store.commit([.blob(blob), .job(job), .run(stored), .candidate(candidate), .unit(unit), .epoch(7), .journal(entry)])

            #expect(try await store.load() == StoreSnapshot(epoch: 7, jobs: [job], runs: [stored]))
            #expect(try await store.blob(blob.hash) == blob.bytes)
            #expect(try await store.candidates(of: run) == [candidate])
            #expect(try await store.units(of: run) == [unit])
            #expect(try await store.journal(of: job.id) == [entry])
        }
    }

    @Test("stories are found by task and by job, and go with their job; units are found by name and by task", arguments: StoreKind.allCases)
    func stories(kind: StoreKind) async throws {
        try await kind.run { store in
            let run = try Fixture.run(1)
            let stories = [5, 6].map { StoredStory(run: run, epoch: 2, task: $0, endedMillisecondsSince1970: 9, record: #"{"task": "2.\#($0)"}"#) }
            let units = [Fixture.unit(1, of: run, lease: "2.5.1"), Fixture.unit(2, of: run, lease: "2.51.1")]
            try await store.commit([.job(Fixture.job(1)), .run(Fixture.stored(run))] + stories.map { .story($0) } + units.map { .unit($0) })
            var replaced = stories[0]
            replaced.record = "{}"
            try await store.commit([.story(replaced)])
            #expect(try await store.story(epoch: 2, task: 5) == replaced)
            #expect(try await store.story(epoch: 3, task: 5) == nil)
            #expect(try await store.stories(of: Fixture.id(1), limit: 9) == [stories[1], replaced])
            #expect(try await store.stories(of: Fixture.id(1), limit: 1) == [stories[1]])

            let place = UnitPlace(run: run, unit: units[0].unit, lease: "2.5.1", status: .scored)
            #expect(try await store.unitPlaces(.task(epoch: 2, task: 5), limit: 9) == [place])
            #expect(try await store.unitPlaces(.name(prefix: String(units[0].unit.description.prefix(10))), limit: 9) == [place])
            #expect(try await store.unitPlaces(.name(prefix: ""), limit: 9).count == 2)

            await #expect(throws: StoreError.unknownRun(try Fixture.run(2), record: 1)) {
                try await store.commit([.story(StoredStory(run: Fixture.run(2), epoch: 1, task: 1, endedMillisecondsSince1970: 0, record: "{}"))])
            }
            try await store.commit([.deleteJob(Fixture.id(1))])
            #expect(try await store.stories(of: Fixture.id(1), limit: 9) == [])
            #expect(try await store.story(epoch: 2, task: 6) == nil)
        }
    }

    @Test("gives back units of each status, absent fields included", arguments: StoreKind.allCases)
    func givesBackEachStatus(kind: StoreKind) async throws {
        try await kind.run { store in
            let run = try Fixture.run(1)
            let records = [
                UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: "503 from 127.0.0.1", providerCalls: 5),
                UnitRecord(status: .modelFailure, output: "\0 odd \u{1F} bytes", score: 0, failureReason: "empty", providerCalls: 1),
                UnitRecord(status: .scored, output: "a rewrite", score: nil, providerCalls: 1),
                UnitRecord(status: .scored, output: "x", score: 0.1 + 0.2, providerCalls: 1),
                UnitRecord(status: .scored, output: "x", score: -Double.leastNonzeroMagnitude, providerCalls: 1),
            ]
            let units = records.enumerated().map { index, record in
                StoredUnit(run: run, unit: Fixture.unit(index, of: run).unit, record: record, lease: "1.\(index).1")
            }
            try await store.commit([.job(Fixture.job(1)), .run(Fixture.stored(run))] + units.map { .unit($0) })
            #expect(try await store.units(of: run) == units)
        }
    }

    @Test("keeps empty content apart from none", arguments: StoreKind.allCases)
    func keepsEmptyContent(kind: StoreKind) async throws {
        try await kind.run { store in
            let empty = Blob([])
            var job = try Fixture.job(1, blobs: [empty])
            job.request = []
            job.clientToken = ""
            let run = Fixture.stored(try Fixture.run(1), outcome: "")
            try await store.commit([.blob(empty), .job(job), .run(run)])
            #expect(try await store.load() == StoreSnapshot(epoch: 0, jobs: [job], runs: [run]))
            #expect(try await store.blob(empty.hash) == [])
        }
    }

    @Test("replaces a job, a run and a candidate, and keeps what hangs on them", arguments: StoreKind.allCases)
    func replaces(kind: StoreKind) async throws {
        try await kind.run { store in
            let (first, second) = (Fixture.blob("first"), Fixture.blob("second"))
            let run = try Fixture.run(1)
            let unit = Fixture.unit(1, of: run)
            try await store.commit([
                .blob(first), .blob(second), .job(Fixture.job(1, blobs: [first, second])), .run(Fixture.stored(run)),
                .candidate(StoredCandidate(run: run, position: 0, record: "{}")), .unit(unit), .journal(Fixture.entry(1, "one")),
            ])
            let job = try Fixture.job(1, created: 2_000, status: "Completed", blobs: [second, first, second])
            let candidate = StoredCandidate(run: run, position: 0, record: #"{"score":1}"#)
            try await store.commit([.job(job), .run(Fixture.stored(run, state: "kept", outcome: "{}")), .candidate(candidate)])

            #expect(try await store.load() == StoreSnapshot(epoch: 0, jobs: [job], runs: [Fixture.stored(run, state: "kept", outcome: "{}")]))
            #expect(try await store.candidates(of: run) == [candidate])
            #expect(try await store.units(of: run) == [unit])
            #expect(try await store.journal(of: job.id).map(\.text) == ["one"])
        }
    }

    @Test("keeps a unit as it first came, within a batch and across batches", arguments: StoreKind.allCases)
    func keepsTheFirstUnit(kind: StoreKind) async throws {
        try await kind.run { store in
            let run = try Fixture.run(1)
            let first = Fixture.unit(1, of: run, output: "first", lease: "1.1.1")
            let late = Fixture.unit(1, of: run, output: "late", lease: "1.1.2")
            try await store.commit([.job(Fixture.job(1)), .run(Fixture.stored(run)), .unit(first), .unit(late)])
            try await store.commit([.unit(late), .unit(Fixture.unit(2, of: run))])
            #expect(try await store.units(of: run) == [first, Fixture.unit(2, of: run)])
        }
    }

    @Test("takes one unit for two runs as two units", arguments: StoreKind.allCases)
    func unitsBelongToRuns(kind: StoreKind) async throws {
        try await kind.run { store in
            let (one, two) = (try Fixture.run(1, model: 0), try Fixture.run(1, model: 1))
            try await store.commit([
                .job(Fixture.job(1)), .run(Fixture.stored(one)), .run(Fixture.stored(two)), .unit(Fixture.unit(1, of: one)), .unit(Fixture.unit(1, of: two)),
            ])
            #expect(try await store.units(of: one) == [Fixture.unit(1, of: one)])
            #expect(try await store.units(of: two) == [Fixture.unit(1, of: two)])
        }
    }

    @Test("orders units and journal as accepted, candidates by position, jobs by time, runs by id", arguments: StoreKind.allCases)
    func orders(kind: StoreKind) async throws {
        try await kind.run { store in
            let run = try Fixture.run(3, template: 1)
            try await store.commit([.job(Fixture.job(3, created: 20)), .job(Fixture.job(2, created: 10)), .job(Fixture.job(1, created: 20))])
            try await store.commit([.run(Fixture.stored(run)), .run(Fixture.stored(Fixture.run(3, model: 1))), .run(Fixture.stored(Fixture.run(1)))])
            for number in [5, 1, 4] { try await store.commit([.unit(Fixture.unit(number, of: run)), .journal(Fixture.entry(3, "\(number)", at: Int64(number)))]) }
            for position in [10, 9, 0] { try await store.commit([.candidate(StoredCandidate(run: run, position: position, record: "{}"))]) }

            let snapshot = try await store.load()
            #expect(try snapshot.jobs.map(\.id) == [Fixture.id(2), Fixture.id(1), Fixture.id(3)])
            #expect(try snapshot.runs.map(\.id) == [Fixture.run(1), Fixture.run(3, model: 1), run])
            #expect(try await store.units(of: run) == [5, 1, 4].map { Fixture.unit($0, of: run) })
            #expect(try await store.journal(of: Fixture.id(3)).map(\.text) == ["5", "1", "4"])
            #expect(try await store.candidates(of: run).map(\.position) == [0, 9, 10])
        }
    }

    @Test("deletes a job with all that is its own, and no blob that another job names", arguments: StoreKind.allCases)
    func deletes(kind: StoreKind) async throws {
        try await kind.run { store in
            let (own, shared, free) = (Fixture.blob("own"), Fixture.blob("shared"), Fixture.blob("free"))
            let (run, other) = (try Fixture.run(1), try Fixture.run(2))
            try await store.commit([
                .blob(own), .blob(shared), .blob(free), .job(Fixture.job(1, blobs: [own, shared, own])), .job(Fixture.job(2, blobs: [shared])),
                .run(Fixture.stored(run)), .run(Fixture.stored(other)), .candidate(StoredCandidate(run: run, position: 0, record: "{}")),
                .unit(Fixture.unit(1, of: run)), .unit(Fixture.unit(1, of: other)), .journal(Fixture.entry(1, "x")), .journal(Fixture.entry(2, "y")),
            ])
            try await store.commit([.deleteJob(Fixture.id(1))])

            #expect(try await store.load() == StoreSnapshot(epoch: 0, jobs: [Fixture.job(2, blobs: [shared])], runs: [Fixture.stored(other)]))
            #expect(try await store.blob(own.hash) == nil)
            #expect(try await store.blob(shared.hash) == shared.bytes)
            #expect(try await store.blob(free.hash) == free.bytes)
            #expect(try await store.units(of: run) == [])
            #expect(try await store.candidates(of: run) == [])
            #expect(try await store.journal(of: Fixture.id(1)) == [])
            #expect(try await store.units(of: other) == [Fixture.unit(1, of: other)])
            #expect(try await store.journal(of: Fixture.id(2)).map(\.text) == ["y"])

            try await store.commit([.deleteJob(Fixture.id(2))])
            #expect(try await store.blob(shared.hash) == nil)
            // The same job may come again, with nothing of its former life.
            try await store.commit([.job(Fixture.job(1)), .run(Fixture.stored(run))])
            #expect(try await store.units(of: run) == [])
        }
    }

    @Test("takes the deletion of an unknown job as done", arguments: StoreKind.allCases)
    func deletesUnknown(kind: StoreKind) async throws {
        try await kind.run { store in
            try await store.commit([.deleteJob(Fixture.id(1)), .epoch(2)])
            #expect(try await store.load().epoch == 2)
        }
    }

    @Test("takes an empty batch", arguments: StoreKind.allCases)
    func takesEmptyBatch(kind: StoreKind) async throws {
        try await kind.run { store in
            try await store.commit([])
            #expect(try await store.load() == StoreSnapshot(epoch: 0, jobs: [], runs: []))
        }
    }

    @Test("takes 1,000 units at once and keeps their order", arguments: StoreKind.allCases)
    func takesLargeBatch(kind: StoreKind) async throws {
        try await kind.run { store in
            let run = try Fixture.run(1)
            let units = (0..<1_000).map { Fixture.unit($0 * 7_919 % 1_000, of: run, output: String(repeating: "word ", count: 40)) }
            try await store.commit([.job(Fixture.job(1)), .run(Fixture.stored(run))] + units.map { .unit($0) })
            #expect(try await store.units(of: run) == units)
        }
    }

    @Test("takes a blob of the full 12 MiB", arguments: StoreKind.allCases)
    func takesLargeBlob(kind: StoreKind) async throws {
        try await kind.run { store in
            let blob = Blob([UInt8](repeating: 0xA5, count: StoreLimits().blobBytes))
            try await store.commit([.blob(blob), .blob(blob)])
            #expect(try await store.blob(blob.hash) == blob.bytes)
        }
    }

    @Test("keeps a NUL in a text for people as its picture", arguments: StoreKind.allCases)
    func keepsNULAsPicture(kind: StoreKind) async throws {
        try await kind.run { store in
            var job = try Fixture.job(1)
            job.failureMessage = "a\0b"
            try await store.commit([.job(job), .journal(Fixture.entry(1, "\0\r\n\0"))])
            #expect(try await store.load().jobs.map(\.failureMessage) == ["a\u{2400}b"])
            #expect(try await store.journal(of: job.id).map(\.text) == ["\u{2400}\r\n\u{2400}"])
        }
    }

    @Test("refuses everything once it is closed, and may be closed twice", arguments: StoreKind.allCases)
    func refusesWhenClosed(kind: StoreKind) async throws {
        try await kind.run { store in
            try await store.close()
            try await store.close()
            await #expect(throws: StoreError.closed) { try await store.commit([.epoch(1)]) }
            await #expect(throws: StoreError.closed) { try await store.load() }
            await #expect(throws: StoreError.closed) { try await store.blob(Fixture.blob("x").hash) }
            await #expect(throws: StoreError.closed) { try await store.units(of: Fixture.run(1)) }
            await #expect(throws: StoreError.closed) { try await store.candidates(of: Fixture.run(1)) }
            await #expect(throws: StoreError.closed) { try await store.journal(of: Fixture.id(1)) }
        }
    }

    @Test("finishes a commit whose task was cancelled", arguments: StoreKind.allCases)
    func finishesCancelledCommit(kind: StoreKind) async throws {
        try await kind.run { store in
            let job = try Fixture.job(1)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await store.commit([.job(job)])
                return try await store.load().jobs
            }
            #expect(try await task.value == [job])
        }
    }
}
