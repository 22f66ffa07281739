import AdvPOBedrock
import AdvPOCluster
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
            if status == .deleting {
                await post(.delete(stored.id))
                continue
            }
            directory[stored.id] = DirectoryEntry(
                manifest: manifest, status: status, failureMessage: stored.failureMessage,
                modifiedMillisecondsSince1970: stored.modifiedMillisecondsSince1970)
            if let token = stored.clientToken { jobsByToken[token] = TokenOwner(job: stored.id, request: manifest.request) }
            guard !status.isTerminal else { continue }
            do {
                try await resume(stored, manifest, status, snapshot)
            } catch let error as StoreError {
                throw error
            } catch {
                // The other jobs, and the users, must not wait for this one.
                await fail(stored, "the job could not be taken up after a restart: \(error)")
            }
        }
    }

    private func fail(_ stored: StoredJob, _ reason: String) async {
        logger.error("a job cannot go on", metadata: ["job": "\(stored.id)", "error": "\(reason)"])
        var failed = stored
        failed.status = JobStatus.failed.rawValue
        failed.failureMessage = String(reason.prefix(2_048))
        failed.modifiedMillisecondsSince1970 = clock.now().millisecondsSince1970
        let entry = JournalEntry(job: stored.id, atMillisecondsSince1970: failed.modifiedMillisecondsSince1970, text: reason)
        await post(.cluster(.tick), records: [.job(failed), .journal(entry)])
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
