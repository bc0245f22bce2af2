namespace Pipeline.Host.Influx;

/// <summary>What follows from one attempt to store some lines.</summary>
internal enum AnswerKind
{
    /// <summary>All lines are stored.</summary>
    Stored,

    /// <summary>An outage, a limit, or something that a person must mend: the same lines again, later, without end.</summary>
    Wait,

    /// <summary>The server named lines as bad: the others again, without them. Nothing (v2) or all others (v1) may be stored.</summary>
    Named,

    /// <summary>Some lines were dropped, and not all of them are named; the others are stored. Halves tell which.</summary>
    Partial,

    /// <summary>More bytes than the server takes at once.</summary>
    TooLarge,
}

/// <summary>Why an attempt is repeated: the label of the retry counter and of readiness.</summary>
internal static class WaitReason
{
    public const string Connection = "connection";
    public const string Timeout = "timeout";
    public const string Credentials = "credentials";
    public const string Unauthorized = "unauthorized";
    public const string NotFound = "not_found";
    public const string Throttled = "throttled";
    public const string Server = "server";
    public const string Encoding = "encoding";
    public const string Unexplained = "unexplained";
}

/// <summary>Why a line went to the dead letters: the label of their counter.</summary>
internal static class RefusalReason
{
    public const string Unwritable = "unwritable";
    public const string Malformed = "malformed";
    public const string TypeConflict = "type_conflict";
    public const string Retention = "retention";
    public const string TooLarge = "too_large";
    public const string Other = "other";
}

/// <summary>One line that the server named.</summary>
/// <param name="Index">Its index in the block.</param>
/// <param name="Why">The server's words.</param>
internal readonly record struct NamedLine(int Index, string Why);

/// <summary>The outcome of one attempt.</summary>
/// <param name="Kind">What follows.</param>
/// <param name="Reason">A <see cref="WaitReason"/> or <see cref="RefusalReason"/>; empty when stored.</param>
/// <param name="Detail">The server's words or the fault's, for a person; at most <see cref="MaxDetail"/> characters.</param>
internal sealed record InfluxAnswer(AnswerKind Kind, string Reason, string Detail)
{
    /// <summary>Longest detail that is kept, in characters.</summary>
    public const int MaxDetail = 1_000;

    /// <summary>All is stored.</summary>
    public static InfluxAnswer AllStored { get; } = new(AnswerKind.Stored, "", "");

    /// <summary>How long the server asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The lines that the server named.</summary>
    public IReadOnlyList<NamedLine> Named { get; init; } = [];

    /// <summary>How many lines the server says it dropped; it may be fewer than it did, never more. 0 when it does not say.</summary>
    public int Dropped { get; init; }

    /// <summary>Whether a compressed body that arrived broken would be answered so.</summary>
    public bool MayBeEncoding { get; init; }

    /// <summary>The same lines again, later.</summary>
    public static InfluxAnswer Wait(string reason, string detail, TimeSpan? retryAfter = null) =>
        new(AnswerKind.Wait, reason, detail.Length <= MaxDetail ? detail : detail[..MaxDetail]) { RetryAfter = retryAfter };
}
