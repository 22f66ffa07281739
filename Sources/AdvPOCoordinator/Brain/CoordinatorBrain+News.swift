import AdvPOBedrock
import AdvPOCluster
import AdvPOModel
import AdvPOStore
import OrderedCollections

extension CoordinatorBrain {
    /// What the cluster's stories have to keep and to say since the last event.
    mutating func news(_ now: Moment) -> [BrainEffect] {
        let (unusual, notes) = cluster.stories.takeNews()
        guard !unusual.isEmpty || !notes.isEmpty else { return [] }
        let wall = wallTime(now)
        return unusual.map { .persist(.story($0.stored(wall))) } + notes.map { .log(Self.line($0)) }
    }

    /// Tasks that one line names; a worker may hold thousands.
    private static let tasksPerLine = 100

    private static func line(_ note: ClusterNote) -> BrainEffect.LogLine {
        switch note {
        case .joined(let session, let introduction):
            return .init(
                "worker joined",
                details: worker(introduction.name, session) + [
                    ("slots", "\(introduction.slots)"), ("protocol", introduction.protocolVersion), ("instance", introduction.shortInstance),
                ])
        case .lost(let session, let name, let reason, let isFault, let tasks):
            var details = worker(name, session) + [(LogKey.reason, reason)]
            if !tasks.isEmpty {
                details.append((LogKey.task, tasks.prefix(tasksPerLine).map(\.description).joined(separator: " ")))
                details.append(("tasks", "\(tasks.count)"))
            }
            return .init(isFault ? "worker lost" : "worker left", level: isFault ? .warning : .info, details: details)
        case .draining(let session, let name): return .init("worker was told to drain", level: .notice, details: worker(name, session))
        case .tookBack(let lease, let name, let session):
            let task = TaskID(epoch: lease.epoch, task: lease.task)
            return .init(
                "lease taken back: it never reached its worker", level: .notice,
                details: worker(name, session) + [(LogKey.task, task.description), (LogKey.lease, lease.description)])
        case .failed(let task, let run, let reason):
            return .init(
                "task failed, and what was left of its units with it", level: .warning, job: run.job, run: run,
                details: [(LogKey.task, task.description), (LogKey.reason, reason)])
        }
    }

    private static func worker(_ name: String, _ session: SessionID) -> [(String, String)] {
        [(LogKey.worker, name), (LogKey.session, "\(session.rawValue)")]
    }
}

extension CoordinatorBrain {
    /// Of a run under way: the model that it is for.
    func modelName(of run: RunID) -> String? {
        guard let models = jobs[run.job]?.plan.request.models, models.indices.contains(run.model) else { return nil }
        return models[run.model].modelID
    }
}
