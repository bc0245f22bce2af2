namespace Pipeline.Training.Evaluation;

/// <summary>One window of a recording with its reference.</summary>
/// <param name="StartSeconds">Start of the window.</param>
/// <param name="Reference">True rate, per minute; never NaN.</param>
/// <param name="Value">Estimate, per minute; NaN when the window has none.</param>
/// <param name="Sigma">Standard deviation that the estimate claims, per minute; NaN without a value.</param>
/// <param name="Quality">0 to 1.</param>
/// <param name="Present">Part of the window's samples that were there, 0 to 1.</param>
/// <param name="Status">Why there is a value, or none, by its outside name.</param>
public readonly record struct ScoredWindow(
    double StartSeconds, double Reference, double Value, double Sigma, double Quality, double Present, string Status)
{
    /// <summary>Whether there is an estimate.</summary>
    public bool HasValue => !double.IsNaN(Value);

    /// <summary>Estimate less reference, per minute; NaN without a value.</summary>
    public double Error => Value - Reference;
}

/// <summary>One scored recording, its windows in order of time.</summary>
/// <param name="Set">Data set.</param>
/// <param name="Subject">Whose it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="Windows">Every window with a reference.</param>
public sealed record ScoredRecording(string Set, string Subject, string Name, IReadOnlyList<ScoredWindow> Windows);
