namespace Pipeline.Training.HeartRate;

/// <summary>A recording with a reference, as training wants it.</summary>
/// <param name="Name">File name without its ending.</param>
/// <param name="Subject">Who it is: recordings of a subject are never on both sides of a split.</param>
/// <param name="Set">Data set; sets are drawn evenly.</param>
/// <param name="RateHz">Samples per second.</param>
/// <param name="Ppg">PPG channels, physical or raw units, no NaN.</param>
/// <param name="Acc">Accelerometer axes; may be empty.</param>
/// <param name="Labels">Reference: start of the window in seconds, beats per minute; ascending.</param>
public sealed record RateRecording(
    string Name, string Subject, string Set, double RateHz, float[][] Ppg, float[][] Acc,
    IReadOnlyList<(double StartSeconds, double BeatsPerMinute)> Labels);
