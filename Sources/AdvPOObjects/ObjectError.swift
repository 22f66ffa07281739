/// Why an object could not be read or written.
package enum ObjectError: Error, Hashable, Sendable {
    case invalidURI(String, reason: String)
    /// `--bucket` is not `NAME=DIR`.
    case invalidBucketFlag(String, reason: String)
    /// Two folders for one bucket.
    case repeatedBucket(String)
    /// The folder that a bucket stands for cannot be used.
    case bucketFolder(bucket: String, folder: String, reason: String)
    /// No bucket of that name is mounted; `known` are those that are, sorted.
    case unknownBucket(ObjectURI, known: [String])
    case missing(ObjectURI)
    /// A folder where an object is needed.
    case namesFolder(ObjectURI)
    /// An object where a folder is needed.
    case namesObject(ObjectURI)
    /// A part of the path is a symbolic link, which could lead out of the bucket.
    case symbolicLink(ObjectURI, part: String)
    /// A device, pipe or socket.
    case notAFile(ObjectURI)
    /// An object stands where the path needs a folder.
    case blocked(ObjectURI, part: String)
    case tooLarge(ObjectURI, maximumBytes: Int)
    /// A folder with more objects than were asked for.
    case tooMany(ObjectURI, maximumCount: Int)
    case nameTooLong(ObjectURI, part: String)
    case permission(ObjectURI)
    /// The key that the content should rest under is not one that this place knows; `known` are those that are, sorted.
    case unknownKey(ObjectURI, key: String, known: [String])
    /// An envelope that is not what was sealed, and why it does not open.
    case damagedEnvelope(ObjectURI, reason: String)
    case diskFull(ObjectURI)
    /// Any other failure, in the system's words.
    case failed(ObjectURI, reason: String)
    /// No folder is mounted under that name, and S3 is off; `known` are the mounted ones, sorted.
    case neitherMountedNorS3(ObjectURI, known: [String])
    /// S3 has no bucket of that name.
    case noSuchBucket(ObjectURI, endpoint: String)
    /// S3 refuses whoever asks; `remedy` is what to do, as a sentence without its full stop.
    case accessDenied(ObjectURI, reason: String, remedy: String)
    /// There is nothing to sign requests to S3 with.
    case noCredentials(ObjectURI, reason: String)
    /// The bucket is in another region, which S3 tells or does not.
    case wrongRegion(ObjectURI, region: String?, reason: String)
    /// S3 gives no answer.
    case unreachable(ObjectURI, endpoint: String, reason: String)
    /// S3 cannot encrypt under that key.
    case encryptionKeyRefused(ObjectURI, key: String, reason: String)
}

extension ObjectError {
    /// Whether the same may succeed a while later without another word: there is room again, the endpoint answers, keys are renewed.
    package var mayPass: Bool {
        switch self {
        case .diskFull, .failed, .unreachable, .noCredentials, .accessDenied: true
        case .invalidURI, .invalidBucketFlag, .repeatedBucket, .bucketFolder, .unknownBucket, .missing, .namesFolder, .namesObject, .symbolicLink, .notAFile, .blocked,
            .tooLarge, .tooMany, .nameTooLong, .permission, .unknownKey, .damagedEnvelope, .neitherMountedNorS3, .noSuchBucket, .wrongRegion, .encryptionKeyRefused:
            false
        }
    }
}

extension ObjectError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidURI(let text, let reason):
            "'\(text)' is not an S3 URI: \(reason). Write s3://bucket/key"
        case .invalidBucketFlag(let flag, let reason):
            "--bucket '\(flag)': \(reason). Write --bucket NAME=DIR, e.g. --bucket data=/srv/data"
        case .repeatedBucket(let bucket):
            "--bucket: the bucket \(bucket) is given twice; give each bucket one folder"
        case .bucketFolder(let bucket, let folder, let reason):
            "the bucket \(bucket) stands for the folder \(folder), which cannot be used: \(reason). Create it, or mend --bucket \(bucket)=DIR"
        case .unknownBucket(let uri, let known):
            "\(uri): there is no bucket \(uri.bucket). " + (known.isEmpty ? "None is mounted" : "Mounted: \(known.joined(separator: ", "))")
                + ". Mount a folder with --bucket \(uri.bucket)=DIR"
        case .missing(let uri):
            "\(uri): there is no such object"
        case .namesFolder(let uri):
            "\(uri) names a folder, and an object is needed"
        case .namesObject(let uri):
            "\(uri) names an object, and a folder is needed: end it with a slash"
        case .symbolicLink(let uri, let part):
            "\(uri): '\(part)' is a symbolic link; links are not followed inside a bucket. Put the file itself there, or mount the folder it points into"
        case .notAFile(let uri):
            "\(uri) is not a regular file"
        case .blocked(let uri, let part):
            "\(uri): '\(part)' is an object, and a folder is needed there; or the other way round. Choose another key"
        case .tooLarge(let uri, let maximum):
            "\(uri) has more than \(maximum) bytes, the most that is allowed here"
        case .tooMany(let uri, let maximum):
            "\(uri) holds more than \(maximum) objects, the most that is allowed here"
        case .nameTooLong(let uri, let part):
            "\(uri): '\(part.prefix(40))…' is too long for a file's name; shorten it to 255 bytes"
        case .unknownKey(let uri, let key, let known):
            "\(uri): the keyring has no key \(key.prefix(200).description.visible). " + (known.isEmpty ? "It has none" : "It has: \(known.joined(separator: ", "))")
                + ". Add the key to the file of --keyring, or start with the --keyring FILE that has it"
        case .damagedEnvelope(let uri, let reason):
            "\(uri) is an encrypted object that does not open: \(reason). Restore it from a copy, or make it anew"
        case .permission(let uri):
            "\(uri): this program's user may not do that; look at the permissions of the bucket's folder"
        case .diskFull(let uri):
            "\(uri): the disk is full, or the user's quota used up; nothing was written. Free some space and try again"
        case .failed(let uri, let reason):
            "\(uri): \(reason)"
        case .neitherMountedNorS3(let uri, let known):
            "\(uri): there is no bucket \(uri.bucket). " + (known.isEmpty ? "None is mounted" : "Mounted: \(known.joined(separator: ", "))")
                + ", and S3 is off. Mount a folder with --bucket \(uri.bucket)=DIR, or turn S3 on with --s3-endpoint, --s3-region or --s3 on"
        case .noSuchBucket(let uri, let endpoint):
            "\(uri): there is no bucket \(uri.bucket) at \(endpoint). Create it there, mend the name, or set --s3-endpoint to where it is"
        case .accessDenied(let uri, let reason, let remedy):
            "\(uri): S3 refuses it (\(reason)). \(remedy)"
        case .noCredentials(let uri, let reason):
            "\(uri): \(reason)"
        case .wrongRegion(let uri, let region, let reason):
            "\(uri): the bucket is in another region (\(reason)). " + (region.map { "Set --s3-region \($0)" } ?? "Set --s3-region to the bucket's")
        case .unreachable(let uri, let endpoint, let reason):
            "\(uri): no answer from \(endpoint) (\(reason)). See that the server runs and that --s3-endpoint names it"
        case .encryptionKeyRefused(let uri, let key, let reason):
            "\(uri): S3 cannot encrypt under the key \(key.prefix(200).description.visible) (\(reason)). Name a key that exists in the bucket's region and that the access key may use"
        }
    }
}
