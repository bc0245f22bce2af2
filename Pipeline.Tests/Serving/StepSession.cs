using Pipeline.Models.Features;
using Pipeline.Models.Packages;

namespace Pipeline.Tests.Serving;

/// <summary>
/// A network with the row lengths of a real one, whose answers are easily foretold: the next state is a hash of model, state and input, and
/// both the rate and the quality of the answer tell that state, so that an answer is right only if the whole series before it was.
/// </summary>
internal sealed class StepSession(RateModel model, IReadOnlyList<int> sizes) : IModelSession
{
    /// <summary>As the second float of the input: throws.</summary>
    public const float Poison = -7;

    private readonly float[] _input = new float[sizes[^1] * model.InputLength];
    private readonly float[] _state = new float[sizes[^1] * model.StateLength];
    private readonly float[] _output = new float[sizes[^1] * model.OutputLength];
    private readonly float[] _nextState = new float[sizes[^1] * model.StateLength];
    private readonly float _key = KeyOf(model.Identity);

    public int InputLength => model.InputLength;

    public int StateLength => model.StateLength;

    public int OutputLength => model.OutputLength;

    public IReadOnlyList<int> BatchSizes => sizes;

    public Span<float> Input => _input;

    public Span<float> State => _state;

    public ReadOnlySpan<float> Output => _output;

    public ReadOnlySpan<float> NextState => _nextState;

    /// <summary>Called in each run.</summary>
    public Action<int>? Running { get; init; }

    public bool IsDisposed { get; private set; }

    /// <summary>What tells models apart.</summary>
    public static float KeyOf(string identity) => identity.Sum(letter => letter) % 1000;

    /// <summary>The next state, 0 to 1, of a row.</summary>
    public static float Step(float key, float state, float input)
    {
        var hash = (uint)BitConverter.SingleToInt32Bits(state) * 2654435761u + (uint)BitConverter.SingleToInt32Bits(input + key) * 40503u;
        hash ^= hash >> 15;
        return (hash & 0xFFFFFF) / (float)0x1000000;
    }

    public void Run(int rows)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        Running?.Invoke(rows);
        for (var row = 0; row < rows; row++)
        {
            var input = _input.AsSpan(row * InputLength, 2);
            if (input[1] == Poison)
                throw new InvalidOperationException("poison");
            var next = Step(_key, _state[row * StateLength], input[0]) + (float.IsNaN(input[1]) ? float.NaN : 0);
            _nextState[row * StateLength] = next;
            var output = _output.AsSpan(row * OutputLength, OutputLength);
            output.Fill(float.IsNaN(next) ? float.NaN : 0);
            if (!float.IsNaN(next))
                output[(int)(next * RateFeatures.RateCount)] = 1;
            output[RateFeatures.RateCount] = next;
        }
    }

    public void Dispose() => IsDisposed = true;
}
