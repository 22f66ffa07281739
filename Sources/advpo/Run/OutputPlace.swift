import AdvPOCommandLine
import AdvPOObjects
import Logging

/// Where `advpo run` writes: a local folder, or a folder of objects in S3.
struct OutputPlace: Sendable {
    /// As objects are named.
    let uri: ObjectURI
    /// As a user names it; nil in S3.
    let folder: String?

    /// The bucket's name that a local output folder has.
    private static let bucket = "output"

    init(_ text: String) throws(CommandFailure) {
        do throws(ObjectError) {
            if text.hasPrefix(ObjectURI.scheme) {
                uri = try ObjectURI(text.hasSuffix("/") ? text : text + "/")
                folder = nil
            } else {
                uri = try ObjectURI("\(ObjectURI.scheme)\(Self.bucket)/")
                folder = text
            }
        } catch {
            throw CommandFailure(.badUsage, "\(SettingKey.output.places): \(error)")
        }
    }

    /// The folder that holds a job's state until it ends: state needs a disk.
    var stateParent: String { folder ?? "." }

    /// A file of a job, as it is shown to the user.
    func shown(_ name: String, of job: String) -> String { folder.map { "\($0)/\(job)/\(name)" } ?? "\(uri)\(job)/\(name)" }

    /// The output folder as a bucket, and S3 behind it when it is on.
    func objects(_ settings: Settings, _ s3: S3Options, keyring: Keyring) throws -> Buckets {
        let mounts = folder.map { [Self.bucket: $0] } ?? [:]
        do {
            let mounted = try LocalBuckets(mounts, creatingFolders: true, keyring: keyring)
            return try s3.buckets(mounted: mounted, names: mounts.keys.sorted(), settings, logger: Logger(label: "advpo.run"))
        } catch let error as ObjectError {
            throw CommandFailure(.failed, "\(error)")
        }
    }
}
