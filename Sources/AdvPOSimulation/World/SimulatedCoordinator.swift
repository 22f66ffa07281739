import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOStore
import OrderedCollections

/// The shell around the brain, simulated: a mailbox, a disk that takes its time, and a life that can end at any moment.
struct SimulatedCoordinator {
    var incarnation: Int
    var brain: CoordinatorBrain
    var epoch: UInt64
    var mailbox: [BrainEvent] = []
    /// The transaction under way with the effects that follow it.
    var committing: Batch?
    /// Which request a token answers.
    var requestsByToken: OrderedDictionary<RequestToken, UInt64> = [:]
    var nextToken: UInt64 = 1
    var tickWaits = false
    /// Jobs that this life has taken up, was asked to stop, and to delete.
    var admitted: Set<JobID> = []
    var stopped: OrderedSet<JobID> = []
    var deleted: OrderedSet<JobID> = []

    struct Batch {
        var records: [StoreRecord]
        var effects: [BrainEffect]
    }
}
