import AdvPOModel
import AdvPOStore
import OrderedCollections

extension Simulator {
    mutating func commitTime(_ records: [StoreRecord]) -> Int64 {
        guard !records.isEmpty else { return 0 }
        return strikes(.commitSlow) ? Int64(random(below: 20_000)) : Int64(random(below: 6))
    }

    mutating func commit(_ records: [StoreRecord]) {
        var records = records
        if defect == .losesRecords { records.removeAll { if case .unit(let unit) = $0 { unit.unit.bytes[0] % 50 == 0 } else { false } } }
        let stopping = durable.stoppedJobs.count
        durable.commit(records, at: now)
        if defect == .repeatsTransactions, !records.isEmpty, random(below: 20) == 0 { durable.commit(records, at: now) }
        for record in records { diary.note(Array(essence(of: record).utf8)) }
        for job in durable.stoppedJobs.suffix(from: stopping) { expectIdle(job) }
        for record in records {
            switch record {
            case .unit(let unit): witness.progressed(unit.run.job, at: now)
            case .run(let run): witness.progressed(run.id.job, at: now)
            case .job(let job): witness.progressed(job.id, at: now)
            case .epoch(let epoch): witness.coordinatorStarted(epoch: epoch)
            case .candidate, .spending, .blob, .journal, .story, .deleteJob: break
            }
        }
    }

    /// What tells one record from another, short: a whole one is long to spell.
    private func essence(of record: StoreRecord) -> String {
        switch record {
        case .job(let job): "job \(job.id) \(job.status)"
        case .run(let run): "run \(run.id) \(run.state)"
        case .candidate(let candidate): "candidate \(candidate.run) \(candidate.position) \(candidate.record.utf8.count)"
        case .unit(let unit): "unit \(unit.run) \(unit.lease) \(unit.record.status.rawValue)"
        case .spending(let spending): "spending \(spending.run) \(spending.calls) \(spending.record)"
        case .blob: "blob"
        case .epoch(let epoch): "epoch \(epoch)"
        case .journal(let entry): "journal \(entry.job) \(entry.atMillisecondsSince1970) \(entry.text)"
        case .story(let story): "story \(story.epoch).\(story.task) \(story.record)"
        case .deleteJob(let job): "delete \(job)"
        }
    }
}
