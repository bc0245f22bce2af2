namespace Pipeline.Host.Recordings;

/// <summary>One signal as its file describes it: physical = (stored − baseline) / gain.</summary>
/// <param name="Label">Name in the file, trimmed; made up (<c>signal3</c>, <c>column3</c>) where the file has none.</param>
/// <param name="Unit">Unit as the file spells it; empty where it says none.</param>
/// <param name="Gain">Stored units per physical unit; finite, not 0.</param>
/// <param name="Baseline">Stored value of physical zero; finite.</param>
/// <param name="SamplesPerFrame">Samples of this signal in each frame of the file; 1 or more.</param>
internal sealed record RecordedSignal(string Label, string Unit, double Gain, double Baseline, int SamplesPerFrame)
{
    /// <summary>Another name that <c>--channel</c> takes for it, by its place in the file (<c>column2</c>); empty: none.</summary>
    public string Alias { get; init; } = "";
}
