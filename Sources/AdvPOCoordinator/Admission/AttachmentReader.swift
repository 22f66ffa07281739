package import AdvPOModel
package import AdvPOObjects
import OrderedCollections

/// Reads the files that a job's samples name, once each, and finds everything that is wrong with them.
///
/// Nothing is looked at but their size and their first bytes. What was read is kept with the job: later changes of the objects do not reach it.
package struct AttachmentReader: Sendable {
    /// Reads under way at once.
    static let concurrentReads = 8

    private let objects: any ObjectStore
    private let limits: InputLimits

    package init(objects: any ObjectStore, limits: InputLimits) {
        self.objects = objects
        self.limits = limits
    }

    /// The templates with the content of every file, and the files.
    ///
    /// - Throws: `AdmissionFault` with every fault of every sample, by line, template, field and URI.
    package func read(_ templates: [Template]) async throws(AdmissionFault) -> (templates: [Template], blobs: [Blob]) {
        guard templates.contains(where: \.hasAttachments) else { return (templates, []) }
        let findings = await readFiles(Self.wanted(by: templates))
        var filled = templates
        var faults: [InputFault] = []
        for (line, template) in templates.enumerated() {
            for (index, sample) in template.samples.enumerated() {
                for (position, attachment) in sample.attachments.enumerated() {
                    switch findings.content(of: attachment, limits) {
                    case .success(let content): filled[line].samples[index].attachments[position].content = content
                    case .failure(let problem):
                        faults.append(
                            InputFault(
                                line: template.line, templateID: template.id, field: attachment.field(ofSample: sample.index), problem: problem.what,
                                remedy: problem.remedy))
                    }
                }
                if let fault = findings.fault(ofSize: sample, in: template, limits) { faults.append(fault) }
            }
        }
        if findings.isOverTotal { faults.insert(totalFault, at: 0) }
        guard faults.isEmpty else { throw AdmissionFault(faults) }
        return (filled, findings.blobs)
    }

    private var totalFault: InputFault {
        InputFault(
            line: 0, templateID: nil, field: "", problem: "the files of all samples have together more than \(limits.jobAttachmentBytes) bytes, the limit of one job",
            remedy: "use smaller files, or split the templates or samples into several jobs")
    }

    /// Each URI with the most bytes that any of its uses allows, in the order of the input.
    private static func wanted(by templates: [Template]) -> OrderedDictionary<String, Set<Attachment.Kind>> {
        var uses: OrderedDictionary<String, Set<Attachment.Kind>> = [:]
        for attachment in templates.lazy.flatMap(\.samples).flatMap(\.attachments) { uses[attachment.uri, default: []].insert(attachment.kind) }
        return uses
    }

    private func readFiles(_ uses: OrderedDictionary<String, Set<Attachment.Kind>>) async -> Findings {
        await withTaskGroup(of: (String, Findings.File).self) { group in
            var findings = Findings()
            var rest = uses.elements[...]
            func readNext() {
                guard !findings.isOverTotal, let (uri, kinds) = rest.popFirst() else { return }
                let maximum = kinds.map(limits.bytes).max() ?? 0
                group.addTask { (uri, await readFile(uri, maximum)) }
            }
            for _ in 0..<Self.concurrentReads { readNext() }
            while let (uri, file) = await group.next() {
                findings.add(file, at: uri, totalLimit: limits.jobAttachmentBytes)
                readNext()
            }
            return findings
        }
    }

    private func readFile(_ uri: String, _ maximumBytes: Int) async -> Findings.File {
        do throws(ObjectError) {
            return .read(Blob(try await objects.read(try ObjectURI(uri), maximumBytes: maximumBytes)))
        } catch {
            if case .tooLarge = error { return .tooLarge }
            return .unreadable(error.description)
        }
    }
}

/// What became of each file.
private struct Findings {
    enum File: Sendable {
        case read(Blob)
        case tooLarge
        case unreadable(String)
    }

    struct Problem: Error {
        var what: String
        var remedy: String
    }

    private var files: [String: File] = [:]
    private var bytes = 0
    /// Nothing more is read then.
    private(set) var isOverTotal = false
    /// Each content once, in the order read.
    private var contents: OrderedDictionary<ContentHash, Blob> = [:]

    var blobs: [Blob] { Array(contents.values) }

    mutating func add(_ file: File, at uri: String, totalLimit: Int) {
        guard case .read(let blob) = file else {
            files[uri] = file
            return
        }
        // Equal contents are held once, under however many names they came.
        if let known = contents[blob.hash] {
            files[uri] = .read(known)
            return
        }
        files[uri] = file
        contents[blob.hash] = blob
        bytes += blob.bytes.count
        if bytes > totalLimit { isOverTotal = true }
    }

    /// What the attachment's file holds; nil for one that was not reached, of which nothing is known.
    func content(of attachment: Attachment, _ limits: InputLimits) -> Result<Attachment.Content?, Problem> {
        let kind = attachment.kind
        switch files[attachment.uri] {
        case nil: return .success(nil)
        case .unreadable(let reason): return .failure(Problem(what: "the file cannot be read: \(reason)", remedy: "put it there, or correct the address"))
        case .tooLarge: return .failure(tooLarge(attachment, limits))
        case .read(let blob):
            guard blob.bytes.count <= limits.bytes(of: kind) else { return .failure(tooLarge(attachment, limits)) }
            let name = attachment.uri
            guard !blob.bytes.isEmpty else { return .failure(Problem(what: "\(name) is empty", remedy: "put the file there")) }
            guard let mediaType = MediaType(signatureOf: blob.bytes) else {
                return .failure(
                    Problem(what: "\(name) is no \(kind.formats) by its first bytes", remedy: "convert it, or correct the address"))
            }
            guard mediaType.kind == kind else {
                return .failure(
                    Problem(
                        what: "\(name) is a \(mediaType.title) file, and its type says \"\(kind.inputType)\"",
                        remedy: "write \"type\": \"\(mediaType.kind.inputType)\", or correct the address"))
            }
            return .success(Attachment.Content(hash: blob.hash, mediaType: mediaType))
        }
    }

    private func tooLarge(_ attachment: Attachment, _ limits: InputLimits) -> Problem {
        Problem(
            what: "\(attachment.uri) has more than \(limits.bytes(of: attachment.kind)) bytes, the limit of one \(attachment.kind == .image ? "image" : "PDF")",
            remedy: "use a smaller file")
    }

    func fault(ofSize sample: Sample, in template: Template, _ limits: InputLimits) -> InputFault? {
        let size = sample.attachments.reduce(0) { sum, attachment in
            if case .read(let blob) = files[attachment.uri] { sum + blob.bytes.count } else { sum }
        }
        guard size > limits.sampleAttachmentBytes else { return nil }
        return InputFault(
            line: template.line, templateID: template.id, field: "evaluationSamples[\(sample.index)].inputVariablesMultimodal",
            problem: "the sample's files have together \(size) bytes; the limit is \(limits.sampleAttachmentBytes), since they go into one request",
            remedy: "use fewer or smaller files")
    }
}

extension InputLimits {
    /// Never more than can travel to a worker.
    fileprivate func bytes(of kind: Attachment.Kind) -> Int {
        switch kind {
        case .image: min(imageBytes, WireLimits().blobBytes)
        case .document: min(documentBytes, WireLimits().blobBytes)
        }
    }
}

extension Attachment.Kind {
    fileprivate var formats: String {
        switch self {
        case .image: "PNG, JPEG, GIF or WebP image"
        case .document: "PDF document"
        }
    }
}
