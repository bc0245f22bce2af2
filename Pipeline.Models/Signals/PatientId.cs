namespace Pipeline.Models.Signals;

/// <summary>
/// The pseudonym of a patient: the only name of a patient that this system carries, stores or logs. Never empty; at most
/// <see cref="MaxLength"/> characters, none of them a control character.
/// </summary>
public readonly record struct PatientId
{
    /// <summary>Longest accepted pseudonym, in characters: it becomes a tag of every point.</summary>
    public const int MaxLength = 64;

    /// <summary>Takes a pseudonym.</summary>
    /// <exception cref="ArgumentException">It is not <see cref="IsValid">valid</see>.</exception>
    public PatientId(string value)
    {
        if (!IsValid(value))
            throw new ArgumentException($"A patient pseudonym is 1 to {MaxLength} characters without control characters.", nameof(value));
        Value = value;
    }

    /// <summary>The pseudonym as it is on the wire.</summary>
    public string Value { get; }

    /// <summary>Whether <paramref name="value"/> can be a pseudonym: 1 to 64 characters, no control character.</summary>
    public static bool IsValid(string? value)
    {
        if (string.IsNullOrEmpty(value) || value.Length > MaxLength)
            return false;
        foreach (var c in value)
            if (char.IsControl(c))
                return false;
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
