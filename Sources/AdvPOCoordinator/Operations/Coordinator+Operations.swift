package import AdvPOBedrock
import AdvPOCluster
package import AdvPOModel
import AdvPOStore
import Logging
import OrderedCollections

extension Coordinator: ClusterService {
    /// Tasks in one answer.
    private static let storyLimit = 100
    /// Of a unit's name, so that a prefix says something.
    private static let leastUnitCharacters = 6

    package func clusterStatus(workerLimit: Int) async -> JSONValue { brain.cluster.status(at: clock.now().tick, workerLimit: workerLimit).json }

    package func taskStories(_ name: String) async throws(APIError) -> JSONValue {
        let stories: [JSONValue]
        if let id = TaskID(name) {
            stories = try await story(of: id).map { [$0] } ?? []
        } else if let job = JobID(name), directory[job] != nil {
            stories = try await storiesOfJob(job)
        } else {
            guard name.utf8.count >= Self.leastUnitCharacters, name.utf8.count <= 64, name.allSatisfy({ $0.isHexDigit && $0.isASCII }) else {
                throw APIError(
                    code: .validation,
                    message: "'\(name.prefix(100))' names no task: write a task as 4.17 (epoch.task), a unit by \(Self.leastUnitCharacters) or more hexadecimal characters of its name, or a job's id")
            }
            stories = try await storiesOfUnit(name.lowercased())
        }
        guard !stories.isEmpty else {
            throw APIError(
                code: .resourceNotFound,
                message: "nothing is known of '\(name)': tasks that ended the usual way are remembered until \(TaskStories.standardCapacity) newer ones came or the coordinator restarted, "
                    + "unusual ones as long as their job; this coordinator is in epoch \(epoch)")
        }
        return .object(["tasks": .array(stories)])
    }

    package func drainWorker(_ name: String) async throws(APIError) -> JSONValue {
        let session: SessionID?
        do throws(ClusterMachine.AmbiguousWorker) {
            session = try brain.cluster.session(ofWorker: name)
        } catch {
            let sessions = error.sessions.prefix(10).map { "\($0.rawValue)" }.joined(separator: ", ")
            throw APIError(code: .validation, message: "several workers are called '\(name.prefix(200))'; name one by its session: \(sessions)")
        }
        guard let session else {
            throw APIError(code: .resourceNotFound, message: "there is no worker '\(name.prefix(200))'; GET /cluster and 'advpo cluster status' show names, sessions and instances")
        }
        guard await post(.cluster(.drain(session))) else { throw Self.closing }
        return .object(["session": .string(String(session.rawValue)), "state": .string(ClusterStatus.State.draining.rawValue)])
    }

    // MARK: Stories

    private func story(of id: TaskID) async throws(APIError) -> JSONValue? {
        if let story = try await toldStory(of: id) { return story }
        return Self.remains(of: id, try await places(.task(epoch: id.epoch, task: id.task), limit: 1_000))
    }

    /// One that is in memory or was written down.
    private func toldStory(of id: TaskID) async throws(APIError) -> JSONValue? {
        if id.epoch == epoch, let story = brain.cluster.story(of: id.task) { return story.json(brain.wallTime(clock.now())) }
        return try await reading { try await store.story(epoch: id.epoch, task: id.task) }.flatMap(Self.json)
    }

    private func storiesOfJob(_ job: JobID) async throws(APIError) -> [JSONValue] {
        let wall = brain.wallTime(clock.now())
        let told = brain.cluster.stories(of: job, limit: Self.storyLimit)
        let known = Set(told.map(\.id))
        let stored = try await reading { try await store.stories(of: job, limit: Self.storyLimit) }
            .filter { !known.contains(TaskID(epoch: $0.epoch, task: $0.task)) }
        return Array((told.map { $0.json(wall) } + stored.compactMap(Self.json)).prefix(Self.storyLimit))
    }

    private func storiesOfUnit(_ prefix: String) async throws(APIError) -> [JSONValue] {
        var ids = brain.cluster.leasedTasks(withUnit: { $0.description.hasPrefix(prefix) }, limit: Self.storyLimit).map { TaskID(epoch: epoch, task: $0) }
        let found = try await places(.name(prefix: prefix), limit: Self.storyLimit)
        for place in found {
            if let id = TaskID(place.lease), !ids.contains(id) { ids.append(id) }
        }
        var stories: [JSONValue] = []
        for id in ids {
            // What was found of it is enough: to look for all its units would go through the table once for each task.
            if let story = try await toldStory(of: id) ?? Self.remains(of: id, found.filter { TaskID($0.lease) == id }) { stories.append(story) }
        }
        return stories
    }

    /// Goes through all units that are stored, since an index would make each of them dearer to take in: so one look-up at a time.
    private func places(_ search: UnitSearch, limit: Int) async throws(APIError) -> [UnitPlace] {
        guard !isSearchingUnits else {
            throw APIError(code: .throttling, message: "another story is looked up among all stored units, and one is at a time; try again in a moment")
        }
        isSearchingUnits = true
        defer { isSearchingUnits = false }
        return try await reading { try await store.unitPlaces(search, limit: limit) }
    }

    private static func json(_ stored: StoredStory) -> JSONValue? {
        // Written by this program; a damaged record is as good as none.
        try? JSONValue(parsing: Array(stored.record.utf8))
    }

    /// Of a task that went the usual way and was forgotten: its units tell that it was done.
    private static func remains(of id: TaskID, _ units: [UnitPlace]) -> JSONValue? {
        guard let first = units.first else { return nil }
        return .object([
            "task": .string(id.description), "job": .string(first.run.job.rawValue), "run": .string(first.run.description), "units": .number(units.count),
            "state": "done", "steps": [],
            "note": "its story is not in memory any more; these units of it are stored",
            "leases": .array(OrderedSet(units.map(\.lease)).map(JSONValue.string)),
        ])
    }

    private func reading<Value: Sendable>(_ read: () async throws -> Value) async throws(APIError) -> Value {
        do {
            return try await read()
        } catch {
            logger.error("the store cannot be read", metadata: [LogKey.error: "\(error)"])
            throw APIError(code: .internalServer, message: "the store cannot be read; the coordinator's log says why")
        }
    }
}

extension Coordinator {
    /// Brings the metrics that are read off, not counted, up to now.
    package func refreshMetrics() {
        var jobs: OrderedDictionary<JobStatus, Int> = [:]
        for entry in directory.values { jobs[entry.status, default: 0] += 1 }
        measures.refresh(
            brain.cluster.status(at: clock.now().tick, workerLimit: 0), jobs: jobs, watchers: watchers.values.reduce(0) { $0 + $1.count })
    }
}
