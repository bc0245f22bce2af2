namespace Pipeline.Host.Recordings;

/// <summary>A recording that cannot be read. The message is one line that names the file, what was found and what was wanted.</summary>
public class RecordingException(string message) : Exception(message);

/// <summary>A file with an ending of recordings that has none of their forms: a text without rows of samples, or without a rate.</summary>
public sealed class NoRecordingException(string message) : RecordingException(message);

/// <summary>A recording that is read and holds no channel that something is estimated from.</summary>
/// <param name="name">Name of the file.</param>
/// <param name="channels">A line for each channel: its kind, its rate, and what would be needed.</param>
public sealed class NothingToEstimateException(string name, IReadOnlyList<string> channels)
    : RecordingException($"{name}: nothing to estimate: {string.Join("; ", channels)}")
{
    /// <summary>A line for each channel: its kind, its rate, and what would be needed.</summary>
    public IReadOnlyList<string> Channels { get; } = channels;
}
