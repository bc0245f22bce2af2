using Pipeline.Models.Packages;

namespace Pipeline.Tests.Inference;

/// <summary>
/// A network of one float of input, one of state and two of output whose numbers are easily foretold: next state = state · 31 + input,
/// output = (next state, rows are not looked at). An input of <see cref="Poison"/> throws. <see cref="Running"/> is called inside each run.
/// </summary>
internal sealed class GatedSession(IReadOnlyList<int> sizes) : IModelSession
{
    public const float Poison = -1;

    private readonly float[] _input = new float[sizes[^1]];
    private readonly float[] _state = new float[sizes[^1]];
    private readonly float[] _output = new float[2 * sizes[^1]];
    private readonly float[] _nextState = new float[sizes[^1]];

    public int InputLength => 1;

    public int StateLength => 1;

    public int OutputLength => 2;

    public IReadOnlyList<int> BatchSizes => sizes;

    public Span<float> Input => _input;

    public Span<float> State => _state;

    public ReadOnlySpan<float> Output => _output;

    public ReadOnlySpan<float> NextState => _nextState;

    /// <summary>Rows of each run, in order.</summary>
    public List<int> Runs { get; } = [];

    /// <summary>Inputs in the order in which they were computed.</summary>
    public List<float> Computed { get; } = [];

    public bool IsDisposed { get; private set; }

    public Action<int>? Running { get; init; }

    /// <summary>The next state of a row.</summary>
    public static float Step(float state, float input) => (state * 31 + input) % 65_521;

    public void Run(int rows)
    {
        Assert(rows);
        Runs.Add(rows);
        Running?.Invoke(rows);
        for (var i = 0; i < rows; i++)
        {
            if (_input[i] == Poison)
                throw new InvalidOperationException($"row {i} of {rows} is poison");
            Computed.Add(_input[i]);
            _nextState[i] = Step(_state[i], _input[i]);
            _output[2 * i] = _nextState[i];
            _output[2 * i + 1] = _input[i];
        }
    }

    public void Dispose() => IsDisposed = true;

    private void Assert(int rows)
    {
        if (rows < 1 || rows > sizes[^1] || IsDisposed)
            throw new ArgumentException($"{rows} rows", nameof(rows));
    }
}
