/// All objects under one folder of a bucket, sorted.
///
/// Each folder is reached from the bucket's anew: two descriptors are enough, however deep the tree.
struct FolderListing {
    private(set) var objects: [ObjectURI] = []

    init(of folder: ObjectURI, in path: String, maximumCount: Int) throws(ObjectError) {
        var waiting = [folder]
        while let next = waiting.popLast() {
            guard let opened = try OpenFolder.reach(next.segments, of: next, in: path, creating: false) else { continue }
            for entry in try opened.entries(of: next) {
                switch entry {
                case .object(let name):
                    guard let uri = Self.uri(name, in: next) else { continue }
                    guard objects.count < maximumCount else { throw .tooMany(folder, maximumCount: maximumCount) }
                    objects.append(uri)
                case .folder(let name):
                    if let uri = Self.uri(name + "/", in: next) { waiting.append(uri) }
                }
            }
        }
        objects.sort()
    }

    /// Nil for a file that no URI can name, such as one that a crash left half written: nobody can ask for it.
    private static func uri(_ name: String, in folder: ObjectURI) -> ObjectURI? {
        do { return try folder.appending(name) } catch { return nil }
    }
}
