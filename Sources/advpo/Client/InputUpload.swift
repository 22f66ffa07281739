import AdvPOCommandLine
import AdvPOModel
import AdvPOObjects
import Foundation

/// Puts a local input file where the coordinator can read it: into a bucket that is a local folder.
struct InputUpload {
    let path: String
    let mount: BucketMount?
    /// Under which key the copy is to rest; nil for a plain copy.
    let sealing: Sealing?

    struct Sealing {
        let keyring: Keyring
        let arn: String
    }

    /// A folder in S3 to copy to instead, and where that is.
    let upload: Upload?

    struct Upload {
        let folder: ObjectURI
        let objects: Buckets
        /// S3's own, under which the copy is to rest.
        let encryptionKeyARN: String?
    }

    private static let folder = "advpo-inputs"
    private static let maximumBytes = 512 * 1024 * 1024

    /// Copies the file under its content's hash, once, and gives its s3:// URI.
    func uri() async throws -> String {
        if let upload { return try await uploaded(upload) }
        guard let mount else {
            throw CommandFailure(
                .badUsage, "'\(path)' is a local file: say which bucket to copy it to with --bucket NAME=DIR, where DIR is the folder that the coordinator mounts as NAME, "
                    + "or with --upload s3://bucket/prefix/")
        }
        let content = try sealed(read())
        let name = "\(ContentHash(of: content)).jsonl"
        let directory = URL(fileURLWithPath: mount.directory, isDirectory: true).appendingPathComponent(Self.folder, isDirectory: true)
        let file = directory.appendingPathComponent(name)
        do {
            guard FileManager.default.fileExists(atPath: mount.directory) else {
                throw CommandFailure(.badUsage, "the folder '\(mount.directory)' of bucket '\(mount.name)' does not exist")
            }
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            // Atomic: the coordinator never reads half a file.
            if !FileManager.default.fileExists(atPath: file.path) { try content.write(to: file, options: .atomic) }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.badInput, "cannot copy '\(path)' to \(file.path): \(error.localizedDescription)")
        }
        return "s3://\(mount.name)/\(Self.folder)/\(name)"
    }

    private func uploaded(_ upload: Upload) async throws -> String {
        let content = Array(try read())
        do throws(ObjectError) {
            let uri = try upload.folder.appending("\(ContentHash(of: content)).jsonl")
            // What is there under the name may be unencrypted, under another key, or somebody else's.
            try await upload.objects.write(uri, bytes: content, encryptionKeyARN: upload.encryptionKeyARN)
            return uri.description
        } catch {
            throw CommandFailure(.badInput, "cannot upload '\(path)': \(error)")
        }
    }

    /// A sealed copy has a name of its own each time: the hash of the plain content would tell what it is to whoever can guess it.
    private func sealed(_ content: Data) throws -> Data {
        guard let sealing, !Envelope.isEnvelope(Array(content.prefix(8))) else { return content }
        guard let material = sealing.keyring.key(sealing.arn) else {
            throw CommandFailure(.badUsage, "\(SettingKey.keyring.places) has no key \(sealing.arn.prefix(200)); it has: \(sealing.keyring.arns.joined(separator: ", "))")
        }
        var generator = SystemRandomNumberGenerator()
        return Data(Envelope.seal(Array(content), key: material, arn: sealing.arn, using: &generator))
    }

    private func read() throws -> Data {
        let url = URL(fileURLWithPath: path)
        do {
            let size = try url.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey])
            guard size.isRegularFile == true else { throw CommandFailure(.badInput, "'\(path)' is not a file") }
            guard (size.fileSize ?? 0) <= Self.maximumBytes else { throw CommandFailure(.badInput, "'\(path)' is over \(Self.maximumBytes) bytes") }
            return try Data(contentsOf: url)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.badInput, "cannot read '\(path)': \(error.localizedDescription)")
        }
    }
}
