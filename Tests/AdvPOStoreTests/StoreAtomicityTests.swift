import AdvPOModel
import AdvPOStore
import Testing

/// All records of a batch or none: each way a record can be refused, at the end of a batch that was good so far.
@Suite("A batch", .timeLimit(.minutes(1)))
struct StoreAtomicityTests {
    /// Some content, then a batch that touches all of it and fails at its last record; afterwards everything is as before.
    private func expectNothingKept(
        _ kind: StoreKind, limits: StoreLimits = StoreLimits(), failing last: StoreRecord, with expected: (Int) -> StoreError
    ) async throws {
        try await kind.run(limits: limits) { store in
            let (own, shared, new) = (Fixture.blob("own"), Fixture.blob("shared"), Fixture.blob("new"))
            let (run, doomed) = (try Fixture.run(1), try Fixture.run(2))
            let before: [StoreRecord] = [
                .epoch(3), .blob(own), .blob(shared), .job(try Fixture.job(1, blobs: [shared])), .job(try Fixture.job(2, blobs: [own, shared])),
                .run(Fixture.stored(run)), .run(Fixture.stored(doomed)), .candidate(StoredCandidate(run: run, position: 0, record: "{}")),
                .unit(Fixture.unit(1, of: run)), .unit(Fixture.unit(2, of: doomed)), .journal(try Fixture.entry(2, "old")),
            ]
            try await store.commit(before)
            let view = try await StoreView(store, jobs: 1...4, blobs: [own, shared, new])

            let batch: [StoreRecord] = [
                .epoch(4), .blob(new), .job(try Fixture.job(1, status: "Completed", blobs: [new])), .run(Fixture.stored(run, state: "kept")),
                .candidate(StoredCandidate(run: run, position: 0, record: "[]")), .candidate(StoredCandidate(run: run, position: 1, record: "[]")),
                .unit(Fixture.unit(3, of: run)), .unit(Fixture.unit(1, of: run, output: "late")), .journal(try Fixture.entry(1, "new")),
                .deleteJob(try Fixture.id(2)), .deleteJob(try Fixture.id(1)), .job(try Fixture.job(1)), .job(try Fixture.job(3)),
                .run(Fixture.stored(try Fixture.run(3))), .unit(Fixture.unit(9, of: try Fixture.run(3))), last,
            ]
            await #expect(throws: expected(batch.count)) { try await store.commit(batch) }
            #expect(try await StoreView(store, jobs: 1...4, blobs: [own, shared, new]) == view)

            // What was taken back leaves no trace in what follows either.
            try await store.commit([.unit(Fixture.unit(3, of: run)), .deleteJob(try Fixture.id(2))])
            #expect(try await store.units(of: run) == [Fixture.unit(1, of: run), Fixture.unit(3, of: run)])
            #expect(try await store.blob(own.hash) == nil)
            #expect(try await store.blob(shared.hash) == shared.bytes)
        }
    }

    @Test("with a run of an unknown job leaves nothing", arguments: StoreKind.allCases)
    func unknownJobOfRun(kind: StoreKind) async throws {
        let id = try Fixture.id(4)
        try await expectNothingKept(kind, failing: .run(Fixture.stored(Fixture.run(4)))) { .unknownJob(id, record: $0) }
    }

    @Test("with a journal entry of a job that the batch deleted leaves nothing", arguments: StoreKind.allCases)
    func unknownJobOfEntry(kind: StoreKind) async throws {
        let id = try Fixture.id(2)
        try await expectNothingKept(kind, failing: .journal(Fixture.entry(2, "late"))) { .unknownJob(id, record: $0) }
    }

    @Test("with a unit of a run that the batch deleted leaves nothing", arguments: StoreKind.allCases)
    func unknownRunOfUnit(kind: StoreKind) async throws {
        let run = try Fixture.run(1)
        try await expectNothingKept(kind, failing: .unit(Fixture.unit(1, of: run))) { .unknownRun(run, record: $0) }
    }

    @Test("with a candidate of an unknown run leaves nothing", arguments: StoreKind.allCases)
    func unknownRunOfCandidate(kind: StoreKind) async throws {
        let run = try Fixture.run(3, model: 1)
        try await expectNothingKept(kind, failing: .candidate(StoredCandidate(run: run, position: 0, record: "{}"))) { .unknownRun(run, record: $0) }
    }

    @Test("with a job that names an unknown blob leaves nothing", arguments: StoreKind.allCases)
    func unknownBlob(kind: StoreKind) async throws {
        let (blob, id) = (Fixture.blob("nowhere"), try Fixture.id(4))
        try await expectNothingKept(kind, failing: .job(Fixture.job(4, blobs: [blob]))) { .unknownBlob(blob.hash, job: id, record: $0) }
    }

    @Test("with a blob beyond the limit leaves nothing", arguments: StoreKind.allCases)
    func blobBeyondLimit(kind: StoreKind) async throws {
        let blob = Blob([UInt8](repeating: 1, count: 65))
        var limits = StoreLimits()
        limits.blobBytes = 64
        try await expectNothingKept(kind, limits: limits, failing: .blob(blob)) {
            .invalidRecord(record: $0, reason: "the blob \(blob.hash) has 65 bytes, more than 64")
        }
    }

    @Test("with a score that is no number leaves nothing", arguments: StoreKind.allCases)
    func oddScore(kind: StoreKind) async throws {
        var unit = Fixture.unit(5, of: try Fixture.run(3))
        unit.record.score = .infinity
        try await expectNothingKept(kind, failing: .unit(unit)) {
            .invalidRecord(record: $0, reason: "the score of unit \(unit.unit) of run \(unit.run) is inf, not a finite number")
        }
    }

    @Test("with a NUL in a text for machines leaves nothing", arguments: StoreKind.allCases)
    func oddText(kind: StoreKind) async throws {
        let run = try Fixture.run(3)
        try await expectNothingKept(kind, failing: .run(Fixture.stored(run, outcome: "{\0}"))) {
            .invalidRecord(record: $0, reason: "the outcome of run \(run) holds a NUL character")
        }
    }

    @Test("with an epoch beyond SQLite's integers leaves nothing", arguments: StoreKind.allCases)
    func oddEpoch(kind: StoreKind) async throws {
        try await expectNothingKept(kind, failing: .epoch(1 << 63)) {
            .invalidRecord(record: $0, reason: "the epoch 9223372036854775808 is beyond 9223372036854775807")
        }
    }
}

/// Everything that can be read from a store, to compare.
struct StoreView: Equatable {
    let snapshot: StoreSnapshot
    let units: [[StoredUnit]]
    let candidates: [[StoredCandidate]]
    let journal: [[JournalEntry]]
    let spending: [StoredSpending?]
    let blobs: [[UInt8]?]

    init(_ store: any CoordinatorStore, jobs: ClosedRange<Int>, templates: Range<Int> = 0..<1, blobs: [Blob]) async throws {
        var (units, candidates, journal, contents) = ([[StoredUnit]](), [[StoredCandidate]](), [[JournalEntry]](), [[UInt8]?]())
        var spending: [StoredSpending?] = []
        for job in jobs {
            for template in templates {
                units.append(try await store.units(of: Fixture.run(job, template: template)))
                spending.append(try await store.spending(of: Fixture.run(job, template: template)))
                candidates.append(try await store.candidates(of: Fixture.run(job, template: template)))
            }
            journal.append(try await store.journal(of: Fixture.id(job)))
        }
        for blob in blobs { contents.append(try await store.blob(blob.hash)) }
        snapshot = try await store.load()
        self.spending = spending
        (self.units, self.candidates, self.journal, self.blobs) = (units, candidates, journal, contents)
    }
}
