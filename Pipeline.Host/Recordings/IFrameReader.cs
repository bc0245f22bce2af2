using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// The samples of one recording in the order of time. A frame is the file's own unit: a WFDB frame, an EDF data record, a CSV row, a WAV
/// block; each holds <see cref="RecordedSignal.SamplesPerFrame"/> samples of every signal.
/// </summary>
internal interface IFrameReader : IDisposable
{
    /// <summary>How every signal of the recording is stored.</summary>
    SampleFormat Format { get; }

    /// <summary>The signals, in the file's order; those that hold no samples (annotations, time) are left out.</summary>
    IReadOnlyList<RecordedSignal> Signals { get; }

    /// <summary>Frames per second; finite and positive.</summary>
    double FramesPerSecond { get; }

    /// <summary>Seconds of the whole recording, gaps included.</summary>
    double Seconds { get; }

    /// <summary>What a person should know about how the file was read: one line each.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>
    /// Appends the next frames (about a second, or one big frame) to the buffers, one a signal; false when none was left.
    /// </summary>
    /// <exception cref="RecordingException">The file is not what it was when it was opened.</exception>
    bool ReadInto(ReadOnlySpan<SignalBuffer> buffers);
}
