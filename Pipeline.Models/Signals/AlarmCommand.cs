namespace Pipeline.Models.Signals;

/// <summary>What somebody wants of a patient's alarms. Wire numbers: never renumber, only add.</summary>
public enum AlarmCommandKind
{
    /// <summary>They are acknowledged.</summary>
    Acknowledge = 1,

    /// <summary>They are paused for a while, or no longer.</summary>
    Pause = 2,

    /// <summary>The patient gets limits of its own.</summary>
    Limits = 3,

    /// <summary>The patient comes: what was open is over, and the limits are the ward's.</summary>
    Admit = 4,

    /// <summary>The patient goes: likewise, and nothing is alarmed about until the next is admitted under the pseudonym.</summary>
    Discharge = 5,

    /// <summary>The patient is moved to another bed.</summary>
    Move = 6,
}

/// <summary>A command to a patient's alarms: a record among those of the patient's samples, applied in their order. Immutable.</summary>
/// <param name="Kind">What is wanted.</param>
/// <param name="At">When, by the clock of who wants it; the alarms' time is that of the records.</param>
/// <param name="By">Who; not empty, at most <see cref="MostText"/> characters.</param>
/// <param name="Why">Why, in that person's words; may be empty.</param>
public sealed record AlarmCommand(AlarmCommandKind Kind, Timestamp At, string By, string Why)
{
    /// <summary>Most characters of <see cref="By"/> and <see cref="Why"/> each.</summary>
    public const int MostText = 200;

    /// <summary>Tells it from others: one that comes again (a topic that was made anew) is applied once. 0: there is none.</summary>
    public long Id { get; init; }

    /// <summary>The alarm that is acknowledged, as counted of the patient; 0: all.</summary>
    public long Number { get; init; }

    /// <summary>How long they are paused; zero ends a pause.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>The bed that the patient is moved to.</summary>
    public string Bed { get; init; } = "";

    /// <summary>Its ward; empty: the one before.</summary>
    public string Ward { get; init; } = "";

    /// <summary>The limits; those that are not set are the ward's.</summary>
    public LimitChange Limits { get; init; } = new();

    /// <summary>What is wrong with it, whatever the patient's alarms are; null when nothing is.</summary>
    public string? FindFault() => this switch
    {
        _ when !Enum.IsDefined(Kind) => $"a command of kind {(int)Kind}",
        { By.Length: 0 or > MostText } => $"a command by somebody of {By.Length} characters; 1 to {MostText} are wanted",
        { Why.Length: > MostText } => $"a reason of {Why.Length} characters; at most {MostText} are wanted",
        { Number: < 0 } => $"alarm {Number}",
        { Bed.Length: > PatientId.MaxLength } or { Ward.Length: > PatientId.MaxLength } => $"a bed or ward of more than {PatientId.MaxLength} characters",
        { Kind: AlarmCommandKind.Move, Bed.Length: 0 } => "a move to no bed",
        _ when Time < TimeSpan.Zero => $"a pause of {Time}",
        _ => null,
    };
}
