import AdvPOModel
import AdvPOStore
import Testing

/// The memory store as the model of the SQLite store: random batches, good and bad, go to both, and everything that can be read is compared.
@Suite("Random batches", .timeLimit(.minutes(1)))
struct StoreModelTests {
    private static let jobs = 1...4
    private static let templates = 0..<2
    private static let blobs = (0..<6).map { Fixture.blob("blob \($0)") }

    @Test("leave both stores alike, whatever they hold and whenever they are reopened", arguments: UInt64(1)...16)
    func leaveBothAlike(seed: UInt64) async throws {
        let directory = try TemporaryDirectory()
        let memory = MemoryStore()
        var sqlite = try SQLiteStore(directory: directory.path, logger: .quiet)
        var generator = SeededGenerator(seed: seed)
        var (kept, refused) = (0, 0)
        for step in 0..<60 {
            // Twice in a sequence everything comes (again), or hardly any name would be known.
            let batch = step % 30 == 0 ? try Self.everything() : try (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                try Self.record(step: step, using: &generator)
            }
            let outcome = await Self.commit(batch, to: memory)
            #expect(await Self.commit(batch, to: sqlite) == outcome, "step \(step)")
            if outcome == nil { kept += 1 } else { refused += 1 }
            if step % 15 == 14 {
                await memory.close()
                await memory.reopen()
                try await sqlite.close()
                sqlite = try SQLiteStore(directory: directory.path, logger: .quiet)
            }
            // A refused batch must have left nothing at once; a good one may show later.
            guard outcome != nil || step % 5 == 4 else { continue }
            try #require(await view(sqlite) == view(memory), "step \(step)")
        }
        try #require(kept > 10 && refused > 3, "too few batches of one kind: \(kept) kept, \(refused) refused")
        try await sqlite.close()
    }

    private func view(_ store: any CoordinatorStore) async throws -> StoreView {
        try await StoreView(store, jobs: Self.jobs, templates: Self.templates, blobs: Self.blobs)
    }

    private static func commit(_ batch: [StoreRecord], to store: any CoordinatorStore) async -> StoreError? {
        do {
            try await store.commit(batch)
            return nil
        } catch let error as StoreError {
            return error
        } catch {
            Issue.record("a store threw \(error)")
            return nil
        }
    }

    private static func everything() throws -> [StoreRecord] {
        try blobs.map { .blob($0) } + jobs.flatMap { number in
            try [.job(Fixture.job(number, blobs: [blobs[number]]))] + templates.map { .run(Fixture.stored(try Fixture.run(number, template: $0))) }
        }
    }

    /// Any record, over so few jobs, runs, units and blobs that they meet often; now and then one that no store takes.
    private static func record(step: Int, using generator: inout SeededGenerator) throws -> StoreRecord {
        let number = Int.random(in: jobs, using: &generator)
        let run = try Fixture.run(number, template: Int.random(in: templates, using: &generator))
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<22:
            var job = try Fixture.job(number, created: Int64.random(in: 0...2, using: &generator), status: "step \(step)")
            job.blobs = (0..<Int.random(in: 0...3, using: &generator)).map { _ in blobs[Int.random(in: blobs.indices, using: &generator)].hash }
            if Bool.random(using: &generator) { job.clientToken = nil }
            if Bool.random(using: &generator) { job.failureMessage = "step \(step)\0" }
            return .job(job)
        case 22..<42:
            return .blob(blobs[Int.random(in: blobs.indices, using: &generator)])
        case 42..<60:
            return .run(Fixture.stored(run, state: "step \(step)", outcome: Bool.random(using: &generator) ? "{}" : nil))
        case 60..<72:
            let unit = Fixture.unit(Int.random(in: 0..<12, using: &generator), of: run, output: "step \(step)", lease: "1.\(step).1")
            return .unit(unit)
        case 72..<75:
            return .spending(StoredSpending(run: run, calls: step, record: "step \(step)"))
        case 75..<80:
            return .candidate(StoredCandidate(run: run, position: Int.random(in: 0..<4, using: &generator), record: "step \(step)"))
        case 80..<90:
            return .journal(try Fixture.entry(number, "step \(step)", at: Int64(step)))
        case 90..<95:
            return .epoch(UInt64(step))
        case 95..<99:
            return .deleteJob(try Fixture.id(number))
        default:
            return .candidate(StoredCandidate(run: run, position: 0, record: "\0"))
        }
    }
}
