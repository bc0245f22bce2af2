namespace Pipeline.Host.Demo;

/// <summary>Where the demo stands: the line above the table, and the plain line without a terminal.</summary>
/// <param name="Elapsed">Wall time since the ward began.</param>
/// <param name="WardNow">Ward time: wall time times speed.</param>
/// <param name="Beds">Beds of the ward.</param>
/// <param name="SamplesPerSecond">Samples published, all channels, a second of wall time; over the last seconds.</param>
/// <param name="Windows">Windows so far.</param>
/// <param name="Points">Points stored so far.</param>
/// <param name="LatencyP50">Last sample produced to point stored; null before the first.</param>
/// <param name="LatencyP99">The same, 99 of 100.</param>
/// <param name="Waiting">Chunks published whose output is not stored yet.</param>
internal sealed record WardProgress(
    TimeSpan Elapsed, Pipeline.Models.Signals.Timestamp WardNow, int Beds, double SamplesPerSecond, long Windows, long Points,
    TimeSpan? LatencyP50, TimeSpan? LatencyP99, long Waiting);
