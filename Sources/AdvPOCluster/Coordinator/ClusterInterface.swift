package import AdvPOModel
package import OrderedCollections

/// Names one request that waits for its reply; chosen by the shell, never used twice.
package struct RequestToken: Hashable, Sendable, Comparable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (lhs: RequestToken, rhs: RequestToken) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A worker's connection to one life of the coordinator.
package struct SessionID: Hashable, Sendable, Comparable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (lhs: SessionID, rhs: SessionID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Times and counts by which the cluster decides; all configurable, all bounded.
package struct ClusterSettings: Hashable, Sendable {
    /// How long a heartbeat is held when there is nothing to say.
    package var heartbeatMilliseconds: Int64 = 5_000
    /// How long a pull is held when there is no task.
    package var pullMilliseconds: Int64 = 20_000
    /// A worker silent for this long is lost.
    package var silenceMilliseconds: Int64 = 15_000
    /// A worker whose connection broke has this long to come back.
    package var reconnectMilliseconds: Int64 = 2_000
    /// A lease that two heartbeats in a row do not name was never received, once it is this old.
    package var leaseDeliveryMilliseconds: Int64 = 5_000
    /// Lost workers after which a task fails its units instead of finding a new victim.
    package var lostWorkersPerTask = 3
    /// Times a task may come back without one more unit finished, given back or never received, before its units fail.
    package var fruitlessAttemptsPerTask = 8
    /// How long a task that was given back without one more unit finished rests, doubled with each further time up to the maximum.
    package var restMilliseconds: Int64 = 200
    package var maximumRestMilliseconds: Int64 = 5_000
    /// Ticks further apart than this mean that the coordinator itself was away; that time counts as nobody's silence.
    package var absenceMilliseconds: Int64 = 1_000
    package var maximumWorkers = 20_000
    /// Which tasks may run twice at once when they take long and workers are idle.
    package var speculation = Speculation.off
    /// What users bound of each model, for the whole cluster.
    package var rateCeilings: OrderedDictionary<String, RateCeiling> = [:]
    package var rates = RateSettings()
    package init() {}

    package enum Speculation: String, Hashable, Sendable, CaseIterable {
        case off
        /// Only those whose models have no price: nobody pays for the second attempt.
        case unpriced
        case all
    }
}

/// Which of a run's tasks go first: those on which its next step waits are short, those that prove it are long.
package enum TaskUrgency: UInt8, Hashable, Sendable, Comparable {
    /// First looks at candidates, and rewrites.
    case screening
    case validation
    /// The verdict, and rows that only fill up the result.
    case proof
    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A task as the search wants it done, before anyone holds it.
package struct TaskSpecification: Hashable, Sendable {
    package var run: RunID
    package var iteration: Int
    package var work: TaskOrder.Work
    /// Models that a worker must serve to be given it.
    package var models: [String]
    /// Whether its samples have files, which not every worker can send.
    package var hasAttachments: Bool
    package var urgency: TaskUrgency
    /// What its calls cost; nil outside every budget.
    package var price: CallPrice?
    package init(
        run: RunID, iteration: Int, work: TaskOrder.Work, models: [String], hasAttachments: Bool = false, urgency: TaskUrgency = .screening,
        price: CallPrice? = nil
    ) {
        self.run = run
        self.iteration = iteration
        self.work = work
        self.models = models
        self.hasAttachments = hasAttachments
        self.urgency = urgency
        self.price = price
    }
}

/// What a worker says of itself at its start.
package struct WorkerIntroduction: Hashable, Sendable {
    package var instance: String
    package var name: String
    package var slots: Int
    package var models: [String]
    /// Whether it sends samples' files to models.
    package var sendsAttachments: Bool
    /// Whether it keeps to a task's allowance of calls.
    package var keepsAllowances: Bool
    /// Whether it tells its use of models, and keeps to its share of them.
    package var sharesRates: Bool
    /// As text, for people: `1.2`.
    package var protocolVersion: String
    package init(
        instance: String, name: String, slots: Int, models: [String], sendsAttachments: Bool = true, keepsAllowances: Bool = true, sharesRates: Bool = true,
        protocolVersion: String = ""
    ) {
        self.instance = instance
        self.name = name
        self.slots = slots
        self.models = models
        self.sendsAttachments = sendsAttachments
        self.keepsAllowances = keepsAllowances
        self.sharesRates = sharesRates
        self.protocolVersion = protocolVersion
    }
}

package enum ClusterEvent: Hashable, Sendable {
    case hello(RequestToken, WorkerIntroduction)
    case heartbeat(RequestToken, SessionID, leases: [Lease], seenInstructions: UInt64, usage: [ModelUsage] = [])
    case goodbye(RequestToken, SessionID)
    case pull(RequestToken, SessionID)
    /// `callsSpent`: by the lease so far, whether or not their units are finished; nil from a worker that does not say.
    /// `andPull`: when the task is done with this report, its slot asks for the next one too.
    case report(RequestToken, SessionID, Lease, units: [UnitReport], taskEnded: Bool, callsSpent: Int? = nil, andPull: Bool = false)
    /// The connection of a session broke; the worker may come back.
    case connectionLost(SessionID)
    case submit([TaskSpecification])
    /// Forget the run's tasks and have their workers abandon them.
    case cancel(RunID)
    /// Have a worker finish what it has, take no more, and leave.
    case drain(SessionID)
    /// Time passed.
    case tick
}

package enum ClusterEffect: Hashable, Sendable {
    /// To be made durable before any later effect is carried out.
    case accepted(RunID, UnitReport, Lease)
    case welcome(RequestToken, SessionID)
    case unknownSession(RequestToken)
    case refuse(RequestToken, String)
    case instruct(RequestToken, sequence: UInt64, cancel: [Lease], drain: Bool = false, shares: [RateShare] = [])
    case task(RequestToken, TaskOrder)
    case nothing(RequestToken)
    /// `next`: the report also pulled, and there was a task at once.
    case reportAccepted(RequestToken, next: TaskOrder? = nil)
    case reportStale(RequestToken)
    case workerJoined(SessionID, name: String)
    case workerLost(SessionID, name: String, reason: String)
}
