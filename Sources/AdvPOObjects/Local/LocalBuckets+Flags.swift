extension LocalBuckets {
    /// One `--bucket NAME=DIR`. The folder is everything after the first `=`; whether it is there is looked at when it is mounted.
    /// - Throws: `invalidBucketFlag`.
    package static func parse(flag: String) throws(ObjectError) -> (bucket: String, folder: String) {
        func fault(_ reason: String) -> ObjectError { .invalidBucketFlag(String(flag.prefix(200)).visible, reason: reason) }
        guard let equals = flag.firstIndex(of: "=") else { throw fault("there is no '='") }
        let bucket = String(flag[..<equals])
        let folder = String(flag[flag.index(after: equals)...])
        if let reason = ObjectURI.fault(ofBucket: bucket) { throw fault(reason) }
        if folder.isEmpty { throw fault("the folder is missing") }
        if folder.utf8.contains(0) { throw fault("the folder holds a NUL character") }
        return (bucket, folder)
    }

    /// The folders of all `--bucket` flags, by bucket.
    /// - Throws: `invalidBucketFlag`, `repeatedBucket`.
    package static func parse(flags: [String]) throws(ObjectError) -> [String: String] {
        var folders: [String: String] = [:]
        for flag in flags {
            let (bucket, folder) = try parse(flag: flag)
            if folders.updateValue(folder, forKey: bucket) != nil { throw .repeatedBucket(bucket) }
        }
        return folders
    }
}
