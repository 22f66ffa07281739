package import AdvPOModel

/// The protocol's version: another major one is refused, another minor one works.
package struct WireVersion: Hashable, Sendable, CustomStringConvertible {
    package var major: UInt32
    package var minor: UInt32
    package static let current = WireVersion(major: 1, minor: 2)
    package init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }
    package var description: String { "\(major).\(minor)" }
    /// Whether who speaks it sends a sample's files to the model: an older worker would leave them out unseen. Since 1.1.
    package var hasAttachments: Bool { minor >= 1 }
    /// Whether who speaks it keeps to a task's allowance of calls, and says how many it sent. Since 1.2.
    package var hasAllowances: Bool { minor >= 2 }
    /// Whether who speaks it says what its models are used for, and keeps to its share. Since 1.2.
    package var hasRates: Bool { minor >= 2 }
}

/// What a worker says on the control socket.
package enum ControlRequest: Hashable, Sendable {
    case hello(Hello)
    /// Held by the coordinator until there is something to say or its patience ends.
    case heartbeat(Heartbeat)
    /// The worker leaves after a drain; whatever it still holds may be given away at once.
    case goodbye(session: UInt64)

    package struct Hello: Hashable, Sendable {
        package var version: WireVersion
        /// Chosen by the worker at its start, random: tells a restarted process from the old one.
        package var instance: String
        /// For people: host and process.
        package var name: String
        package var slots: UInt32
        /// Model ids it can call.
        package var models: [String]
        /// Absent from a worker without a key. Since 1.2.
        package var credential: Credential?
        package init(
            version: WireVersion, instance: String, name: String, slots: UInt32, models: [String], credential: Credential? = nil
        ) {
            self.version = version
            self.instance = instance
            self.name = name
            self.slots = slots
            self.models = models
            self.credential = credential
        }
    }

    /// Whose key the worker says it holds, and in the second hello of a handshake the proof of it.
    package struct Credential: Hashable, Sendable {
        package var name: String
        package var serial: UInt32
        package var nonce: [UInt8]
        package var answer: Answer?
        package init(name: String, serial: UInt32, nonce: [UInt8], answer: Answer?) {
            self.name = name
            self.serial = serial
            self.nonce = nonce
            self.answer = answer
        }

        package struct Answer: Hashable, Sendable {
            /// The coordinator's nonce, as it came.
            package var challenge: [UInt8]
            package var proof: [UInt8]
            package init(challenge: [UInt8], proof: [UInt8]) {
                self.challenge = challenge
                self.proof = proof
            }
        }
    }

    package struct Heartbeat: Hashable, Sendable {
        package var session: UInt64
        /// Leases in hand, ascending.
        package var leases: [Lease]
        /// How many of the coordinator's instructions the worker has seen: makes a lost reply harmless.
        package var seenInstructions: UInt64
        /// Of each model that was ever asked for, once.
        package var usage: [ModelUsage]
        package init(session: UInt64, leases: [Lease], seenInstructions: UInt64, usage: [ModelUsage] = []) {
            self.session = session
            self.leases = leases
            self.seenInstructions = seenInstructions
            self.usage = usage
        }
    }
}

/// What the coordinator answers on the control socket.
package enum ControlReply: Hashable, Sendable {
    case welcome(Welcome)
    /// The worker must not go on; the text says what to do.
    case refused(String)
    case instructions(Instructions)
    /// The session is not known (the coordinator restarted, or gave the worker up): say hello again.
    case unknownSession
    /// Prove that you hold the key that you named; the coordinator proves first that it could tell. Since 1.2.
    case challenge(nonce: [UInt8], proof: [UInt8])

    package struct Welcome: Hashable, Sendable {
        package var version: WireVersion
        package var session: UInt64
        package var epoch: UInt64
        /// How long the coordinator holds a heartbeat before it answers.
        package var heartbeatMilliseconds: UInt32
        package init(version: WireVersion, session: UInt64, epoch: UInt64, heartbeatMilliseconds: UInt32) {
            self.version = version
            self.session = session
            self.epoch = epoch
            self.heartbeatMilliseconds = heartbeatMilliseconds
        }
    }

    package struct Instructions: Hashable, Sendable {
        /// The count after these.
        package var sequence: UInt64
        /// Tasks to abandon now, HTTP calls included.
        package var cancel: [Lease]
        package var drain: Bool
        /// What the worker may do with each model from now on; one that is not named keeps its share.
        package var shares: [RateShare]
        package init(sequence: UInt64, cancel: [Lease], drain: Bool, shares: [RateShare] = []) {
            self.sequence = sequence
            self.cancel = cancel
            self.drain = drain
            self.shares = shares
        }
    }
}

/// What a worker says on the work socket.
package enum WorkRequest: Hashable, Sendable {
    /// A free slot asks for a task; held up to 20 s.
    case pull(session: UInt64)
    /// Units that just finished. `taskEnded`: the lease is given back, whatever units are missing were not run.
    /// `callsSpent`: requests of the lease so far that may have been served, also for units that are missing; nil from a worker before 1.2.
    /// `andPull`: the slot that is free now asks for the next task; since 1.2, older coordinators pass over it.
    case report(session: UInt64, lease: Lease, units: [UnitReport], taskEnded: Bool, callsSpent: Int? = nil, andPull: Bool = false)
    /// Blobs that the worker's cache misses.
    case fetch(session: UInt64, hashes: [ContentHash])
}

/// What the coordinator answers on the work socket.
package enum WorkReply: Hashable, Sendable {
    case task(TaskOrder)
    /// Nothing now: pull again.
    case nothing
    /// The units are durable. `next` answers a report that also pulled, when there was a task at once.
    case accepted(next: TaskOrder? = nil)
    /// The lease is no longer the worker's: drop the task.
    case stale
    /// In the order asked, as many as fit under the message limit; `nil` where the coordinator has no such blob.
    case blobs([BlobAnswer])
    case unknownSession
    case refused(String)

    package struct BlobAnswer: Hashable, Sendable {
        package var hash: ContentHash
        package var bytes: [UInt8]?
        package init(hash: ContentHash, bytes: [UInt8]?) {
            self.hash = hash
            self.bytes = bytes
        }
    }
}
