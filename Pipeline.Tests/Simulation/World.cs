using System.Globalization;

namespace Pipeline.Tests.Simulation;

/// <summary>What all parts of a history share: its steps, its story, and the first thing that was wrong.</summary>
internal sealed class World(int seed, bool isTold)
{
    /// <summary>Patients whose snapshots are at present too large for a record.</summary>
    public HashSet<string> Large { get; } = new(StringComparer.Ordinal);

    /// <summary>Patients of whom a snapshot was too large once: after a fail-over their series have a gap, which is theirs alone.</summary>
    public HashSet<string> Exempt { get; } = new(StringComparer.Ordinal);

    private readonly List<string>? _story = isTold ? [] : null;

    public Steps Steps { get; } = new(seed);

    /// <summary>The time, for the story.</summary>
    public string Time => TimeSpan.FromTicks(Steps.Now).TotalSeconds.ToString("0.000000", CultureInfo.InvariantCulture);

    /// <summary>Takes lines; null when nobody wants to read them, and none is made then.</summary>
    public World? Story => _story is null ? null : this;

    /// <summary>The lines so far.</summary>
    public IReadOnlyList<string> Lines => _story ?? [];

    /// <summary>What was wrong first; null when nothing is.</summary>
    public string? Fault { get; private set; }

    public void Tell(string who, string what) => _story!.Add($"{Time} {who,-8} {what}");     // only called on Story

    /// <summary>An invariant does not hold.</summary>
    public void Fail(string fault)
    {
        Fault ??= fault;
        Story?.Tell("!", fault);
    }
}
