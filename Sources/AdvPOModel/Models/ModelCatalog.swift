package import OrderedCollections

/// What `models.yaml` says: the models that can be used, the roles they play, and where metric functions are.
package struct ModelCatalog: Hashable, Sendable {
    /// By model id, in the file's order.
    package var models: OrderedDictionary<String, CatalogModel>
    package var roles: Roles
    /// Lambda function name to the folder with its `lambda_function.py`; relative paths are resolved against the file's folder by the reader.
    package var functions: OrderedDictionary<String, String>

    package struct Roles: Hashable, Sendable {
        /// The model that proposes prompts; without one only the operators that need no model run.
        package var rewriter: String?
        /// The model that judges answers.
        package var judge: String?
        package init(rewriter: String? = nil, judge: String? = nil) {
            self.rewriter = rewriter
            self.judge = judge
        }
    }

    package init(models: OrderedDictionary<String, CatalogModel>, roles: Roles = Roles(), functions: OrderedDictionary<String, String> = [:]) {
        self.models = models
        self.roles = roles
        self.functions = functions
    }
}

/// One model: what users call it, where it is, what it costs, what it bears.
package struct CatalogModel: Hashable, Sendable {
    package enum Provider: String, Hashable, Sendable, CaseIterable {
        /// Any endpoint with OpenAI's chat completions.
        case openai
        /// The simulated model, for load and fault tests only.
        case simulated
    }

    /// What a model can be sent.
    package enum Input: String, Hashable, Sendable, CaseIterable {
        case text, image, pdf

        package init(_ kind: Attachment.Kind) {
            switch kind {
            case .image: self = .image
            case .document: self = .pdf
            }
        }
    }

    /// Where the API key is; the key itself is never part of the catalog.
    package enum KeySource: Hashable, Sendable {
        case environment(String)
        case file(String)
    }

    package struct Price: Hashable, Sendable {
        package var inputPerMillionTokens: NanoDollars
        package var outputPerMillionTokens: NanoDollars
        package init(inputPerMillionTokens: NanoDollars, outputPerMillionTokens: NanoDollars) {
            self.inputPerMillionTokens = inputPerMillionTokens
            self.outputPerMillionTokens = outputPerMillionTokens
        }

        /// The price of one call, rounded up to a whole nano-dollar.
        ///
        /// Token counts come from servers: the product is taken in 128 bits, so that a wild count cannot overflow.
        package func cost(inputTokens: Int, outputTokens: Int) -> NanoDollars {
            let scaled = Int128(inputTokens) * Int128(inputPerMillionTokens.value) + Int128(outputTokens) * Int128(outputPerMillionTokens.value)
            return NanoDollars(Int64(clamping: (scaled + 999_999) / 1_000_000))
        }
    }

    package struct Limits: Hashable, Sendable {
        /// Requests under way at once from one worker; at least 1.
        package var concurrency: Int
        /// For one request, from its sending to its last token.
        package var timeoutSeconds: Int
        /// Further tries after the first.
        package var retries: Int
        /// Of all workers together, as the coordinator's file has it; nil: no bound.
        package var requestsPerMinute: Int64?
        package var tokensPerMinute: Int64?
        package var clusterConcurrency: Int?
        package init(
            concurrency: Int = 4, timeoutSeconds: Int = 60, retries: Int = 4, requestsPerMinute: Int64? = nil, tokensPerMinute: Int64? = nil,
            clusterConcurrency: Int? = nil
        ) {
            self.concurrency = concurrency
            self.timeoutSeconds = timeoutSeconds
            self.retries = retries
            self.requestsPerMinute = requestsPerMinute
            self.tokensPerMinute = tokensPerMinute
            self.clusterConcurrency = clusterConcurrency
        }
    }

    package var id: String
    package var provider: Provider
    package var baseURL: String
    package var model: String
    package var key: KeySource?
    /// Nil: unpriced.
    package var price: Price?
    package var limits: Limits
    /// Always with `text`.
    package var inputs: Set<Input>

    package init(
        id: String, provider: Provider, baseURL: String, model: String, key: KeySource? = nil, price: Price? = nil, limits: Limits = Limits(),
        inputs: Set<Input> = [.text]
    ) {
        self.id = id
        self.provider = provider
        self.baseURL = baseURL
        self.model = model
        self.key = key
        self.price = price
        self.limits = limits
        self.inputs = inputs
    }

    package func takes(_ kind: Attachment.Kind) -> Bool { inputs.contains(Input(kind)) }
}
