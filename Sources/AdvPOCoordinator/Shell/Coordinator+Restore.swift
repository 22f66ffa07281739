import AdvPOBedrock
import AdvPOModel
import AdvPOStore
import AdvPOWire
import Logging
import OrderedCollections

extension Coordinator {
    /// Reads every job back; those that had not ended go on from their finished units.
    func restore(_ snapshot: StoreSnapshot) async throws {
        for stored in snapshot.jobs {
            let manifest = try JobManifest(decoding: stored.request)
            guard let status = JobStatus(rawValue: stored.status) else {
                throw JobManifest.Unreadable(description: "stored job \(stored.id) has the unknown status \(stored.status); use the advpo-coord that wrote it, or a newer one")
            }
            directory[stored.id] = DirectoryEntry(
                manifest: manifest, status: status, failureMessage: stored.failureMessage,
                modifiedMillisecondsSince1970: stored.modifiedMillisecondsSince1970)
            if let token = stored.clientToken { jobsByToken[token] = stored.id }
            switch status {
            case .completed, .failed, .partiallyCompleted, .stopped: continue
            case .deleting: await post(.delete(stored.id))
            case .inProgress, .stopping: try await resume(stored, manifest, status, snapshot)
            }
        }
    }

    private func resume(_ stored: StoredJob, _ manifest: JobManifest, _ status: JobStatus, _ snapshot: StoreSnapshot) async throws {
        let input = try await storedBlob(manifest.input, of: stored.id)
        var functions: OrderedDictionary<String, FunctionBundle> = [:]
        for (name, hash) in manifest.functions {
            functions[name] = try BlobCodec.decodeFunctionBundle(try await storedBlob(hash, of: stored.id), limits: WireLimits())
        }
        let plan = try admission.restored(manifest, input: input, functions: functions)
        var units: [StoredUnit] = []
        for run in snapshot.runs where run.id.job == stored.id { units += try await store.units(of: run.id) }
        logger.notice("job goes on where it was", metadata: ["job": "\(stored.id)", "units": "\(units.count)"])
        await post(.admitted(plan, clientToken: stored.clientToken, status: status, units: units, isNew: false))
    }

    private func storedBlob(_ hash: ContentHash, of job: JobID) async throws -> [UInt8] {
        guard let bytes = try await store.blob(hash) else {
            throw JobManifest.Unreadable(description: "stored job \(job) lacks its blob \(hash); the data directory is damaged")
        }
        return bytes
    }
}
