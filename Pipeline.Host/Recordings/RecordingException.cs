namespace Pipeline.Host.Recordings;

/// <summary>A recording that cannot be read. The message is one line that names the file, what was found and what was wanted.</summary>
public sealed class RecordingException(string message) : Exception(message);
