namespace Pipeline.Models.Graph;

/// <summary>One step of a running graph. Takes samples in order and pushes what comes out into the step that follows.</summary>
internal interface ISignalStep
{
    /// <summary>Takes the next samples; they are valid during the call only.</summary>
    void Push(ReadOnlySpan<float> samples);

    /// <summary>No further sample comes: gives what is left, then finishes what follows.</summary>
    void Finish();
}
