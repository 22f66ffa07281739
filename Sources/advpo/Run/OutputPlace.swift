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

    /// The output folder and `mounts` as buckets, and S3 behind them when it is on.
    func objects(_ settings: Settings, _ s3: S3Options, mounts: [BucketMount], keyring: Keyring) throws -> Buckets {
        guard !mounts.contains(where: { $0.name == Self.bucket }) else {
            throw CommandFailure(.badUsage, "\(SettingKey.bucket.places) names the bucket '\(Self.bucket)', which stands for the folder of --output; choose another name")
        }
        var folders = Dictionary(uniqueKeysWithValues: mounts.map { ($0.name, $0.directory) })
        do {
            // Only the output's folder is made when it is not there.
            _ = try LocalBuckets(folders)
            if let folder { folders[Self.bucket] = folder }
            let mounted = try LocalBuckets(folders, creatingFolders: true, keyring: keyring)
            return try s3.buckets(mounted: mounted, names: folders.keys.sorted(), settings, logger: Logger(label: "advpo.run"))
        } catch let error as ObjectError {
            throw CommandFailure(.badUsage, "\(error)")
        }
    }
}
