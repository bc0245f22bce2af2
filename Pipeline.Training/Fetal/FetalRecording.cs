using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Training.Fetal;

/// <summary>Abdominal leads with the fetus's reference beats.</summary>
/// <param name="Name">Name of the record.</param>
/// <param name="Set">Data set.</param>
/// <param name="RateHz">Samples per second.</param>
/// <param name="Leads">[leads][samples], mV; NaN is missing.</param>
/// <param name="Beats">Seconds of the reference beats, ascending; none where there is no fetus.</param>
public sealed record FetalRecording(string Name, string Set, double RateHz, float[][] Leads, double[] Beats)
{
    private const double GapIntervals = 1.5;

    // Fifteen records of the challenge are cuts of a minute of the five of ADFECGDB.
    private static readonly (string Whole, string[] Cuts)[] Persons =
    [
        ("r01", ["a04", "a05", "a22"]), ("r04", ["a13", "a20", "a25"]), ("r07", ["a19", "a23", "a24"]), ("r08", ["a08", "a15", "a17"]), ("r10", ["a03", "a12", "a14"]),
    ];

    // Their marks jump to 12 or 450 a minute; the literature leaves them out.
    private static readonly HashSet<string> BadLabels = ["a33", "a38", "a47", "a52", "a54", "a71", "a74"];

    /// <summary>Who it is of: cuts of one recording are never on both sides of a split.</summary>
    public string Person => Persons.FirstOrDefault(person => person.Cuts.Contains(Name)).Whole ?? Name;

    /// <summary>Whether its marks are known to be wrong.</summary>
    public bool HasBadLabels => BadLabels.Contains(Name);

    /// <summary>Length in seconds.</summary>
    public double Seconds => Leads[0].Length / RateHz;

    /// <summary>Some of the leads.</summary>
    public FetalRecording With(params int[] leads)
    {
        ArgumentNullException.ThrowIfNull(leads);
        return this with { Leads = [.. leads.Select(lead => Leads[lead])] };
    }

    /// <summary>Spans without marks though the heart beats: intervals of the reference of more than 1.5 times the median. What is found in them counts neither way.</summary>
    public (double From, double To)[] Gaps()
    {
        var intervals = Beats.Zip(Beats.Skip(1), (a, b) => b - a).Order().ToArray();
        if (intervals.Length == 0)
            return [];
        var longest = GapIntervals * intervals[intervals.Length / 2];
        return [.. Beats.Zip(Beats.Skip(1)).Where(pair => pair.Second - pair.First > longest)];
    }

    /// <summary>
    /// 60 over the mean interval of the reference beats in [<paramref name="start"/>, <paramref name="end"/>) s; NaN for fewer than four of them and where a gap touches; 0 without a fetus.
    /// </summary>
    public double RateOf(double start, double end)
    {
        if (Beats.Length == 0)
            return 0;
        var inside = Beats.Where(beat => beat >= start && beat < end).ToArray();
        return inside.Length < 4 || Gaps().Any(gap => gap.From < end && gap.To > start) ? double.NaN : 60 * (inside.Length - 1) / (inside[^1] - inside[0]);
    }

    /// <summary>The samples as a device sends them, a second a chunk.</summary>
    public IEnumerable<SampleChunk> Chunks() =>
        StreamRun.Chunks(Leads, new ChannelLayout([.. Leads.Select((_, lead) => new Channel($"AECG{lead + 1}", SignalKind.FetalEcg, "mV"))]), RateHz);
}
