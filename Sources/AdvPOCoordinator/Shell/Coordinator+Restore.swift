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
            if stored.status == JobStatus.deleting.rawValue {
                await post(.delete(stored.id))
                continue
            }
            let manifest: JobManifest
            let status: JobStatus
            do throws(JobManifest.Unreadable) {
                (manifest, status) = try Self.read(stored)
            } catch {
                showUnreadable(stored, error)
                continue
            }
            enter(DirectoryEntry(
                manifest: manifest, status: status, failureMessage: stored.failureMessage, modifiedMillisecondsSince1970: stored.modifiedMillisecondsSince1970))
            if let token = stored.clientToken { jobsByToken[token] = TokenOwner(job: stored.id, request: manifest.request) }
            if !status.isTerminal { try await takeUp(stored, manifest, status) }
        }
    }

    private static func read(_ stored: StoredJob) throws(JobManifest.Unreadable) -> (JobManifest, JobStatus) {
        let manifest = try JobManifest(decoding: stored.request)
        guard manifest.id == stored.id else { throw JobManifest.Unreadable(description: "it says that it is job \(manifest.id); the data directory is damaged") }
        guard let status = JobStatus(rawValue: stored.status) else {
            throw JobManifest.Unreadable(description: "its status \(stored.status) is not known; use the advpo-coord that wrote it, or a newer one")
        }
        return (manifest, status)
    }

    private func takeUp(_ stored: StoredJob, _ manifest: JobManifest, _ status: JobStatus) async throws {
        do {
            try await resume(stored, manifest, status)
        } catch let error as StoreError {
            throw error
        } catch {
            // The other jobs, and the users, must not wait for this one.
            await fail(stored, "the job could not be taken up after a restart: \(error)")
        }
    }

    /// A job of which only the store's own columns can be read is shown as failed. Its record stays as it is, so that the program that wrote it may still
    /// read it; its client token stays taken, since nobody knows what it was used for.
    private func showUnreadable(_ stored: StoredJob, _ error: JobManifest.Unreadable) {
        logger.error("a stored job cannot be read and is left as it is", metadata: [LogKey.job: "\(stored.id)", LogKey.error: "\(error)"])
        let unknown = "s3://unreadable/"
        let request = CreateJobRequest(
            jobName: "unreadable", clientToken: stored.clientToken, inputURI: unknown + "input.jsonl", outputURI: unknown,
            models: [ModelConfiguration(modelID: "unreadable")])
        let manifest = JobManifest(
            id: stored.id, request: request, options: JobOptions(), judgeModelID: nil, rewriterModelID: nil, input: ContentHash(of: []), functions: [:],
            attachments: [:], judgeInputs: [:], prices: [:], createdMillisecondsSince1970: stored.createdMillisecondsSince1970)
        let message = "The stored job cannot be read, and nothing is done for it: \(error). What it had written to its output is still there. "
            + "Start the version of advpo-coord that wrote it, or delete the job and submit it again."
        enter(DirectoryEntry(
            manifest: manifest, status: .failed, failureMessage: CoordinatorBrain.bounded(message),
            modifiedMillisecondsSince1970: stored.modifiedMillisecondsSince1970))
        if let token = stored.clientToken { jobsByToken[token] = TokenOwner(job: stored.id, request: request) }
    }

    private func fail(_ stored: StoredJob, _ reason: String) async {
        logger.error("a job cannot go on", metadata: [LogKey.job: "\(stored.id)", "error": "\(reason)"])
        var failed = stored
        failed.status = JobStatus.failed.rawValue
        failed.failureMessage = CoordinatorBrain.bounded(reason)
        failed.modifiedMillisecondsSince1970 = max(stored.modifiedMillisecondsSince1970, clock.now().millisecondsSince1970)
        let entry = JournalEntry(job: stored.id, atMillisecondsSince1970: failed.modifiedMillisecondsSince1970, text: reason)
        await post(.cluster(.tick), records: [.job(failed), .journal(entry)])
    }

    private func resume(_ stored: StoredJob, _ manifest: JobManifest, _ status: JobStatus) async throws {
        let input = try await storedBlob(manifest.input, of: stored.id)
        var functions: OrderedDictionary<String, FunctionBundle> = [:]
        for (name, hash) in manifest.functions {
            functions[name] = try BlobCodec.decodeFunctionBundle(try await storedBlob(hash, of: stored.id), limits: WireLimits())
        }
        let plan = try admission.restored(manifest, input: input, functions: functions)
        var units: [StoredUnit] = []
        var spending: [StoredSpending] = []
        for run in plan.runs {
            units += try await store.units(of: run)
            if let stored = try await store.spending(of: run) { spending.append(stored) }
        }
        logger.notice("job goes on where it was", metadata: [LogKey.job: "\(stored.id)", "units": "\(units.count)"])
        await post(.admitted(plan, clientToken: stored.clientToken, status: status, units: units, spending: spending, isNew: false))
    }

    private func storedBlob(_ hash: ContentHash, of job: JobID) async throws -> [UInt8] {
        guard let bytes = try await store.blob(hash) else {
            throw JobManifest.Unreadable(description: "stored job \(job) lacks its blob \(hash); the data directory is damaged")
        }
        return bytes
    }
}
