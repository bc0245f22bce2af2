using Microsoft.ML.OnnxRuntime;

namespace Pipeline.Models.Packages;

/// <summary>
/// A network in ONNX form on ONNX Runtime. Inputs <c>input</c> [B, ...] and, with memory, <c>state</c> [B, S]; outputs <c>output</c> [B, O] and
/// <c>next_state</c> [B, S]. Every batch size of <see cref="BatchSizes"/> has tensors of its own, bound once, so that a pass copies rows and
/// allocates nothing.
/// </summary>
public sealed class OnnxSession : IModelSession
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly Bound[] _bound;

    /// <summary>Loads and warms up.</summary>
    /// <param name="model">The bytes of a <c>model.onnx</c>.</param>
    /// <param name="batchSizes">Batch sizes to bind, ascending, from 1 up.</param>
    /// <param name="threads">Threads inside an operator; 1 is right for streaming (use more workers instead).</param>
    /// <exception cref="InvalidDataException">The network has other inputs or outputs than named above, or an open dimension but the batch.</exception>
    public OnnxSession(byte[] model, IReadOnlyList<int> batchSizes, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(batchSizes);
        if (batchSizes.Count == 0 || batchSizes[0] < 1 || !batchSizes.Zip(batchSizes.Skip(1), (a, b) => a < b).All(x => x))
            throw new ArgumentException("Batch sizes ascend from 1 up.", nameof(batchSizes));
        BatchSizes = batchSizes;
        using var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1 };
        // Workers share cores with their neighbours: a thread that waits must not spin.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        try
        {
            _session = new InferenceSession(model, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"ONNX Runtime refuses the network: {e.Message}", e);
        }
        var input = RowShape(_session.InputMetadata, "input");
        var output = RowShape(_session.OutputMetadata, "output");
        var hasState = _session.InputMetadata.ContainsKey("state");
        InputLength = Product(input);
        OutputLength = Product(output);
        StateLength = hasState ? Product(RowShape(_session.InputMetadata, "state")) : 0;
        if (hasState && Product(RowShape(_session.OutputMetadata, "next_state")) != StateLength)
            throw new InvalidDataException("The network's next_state has another shape than its state.");
        _bound = batchSizes.Select(size => new Bound(_session, size, input, StateLength, output)).ToArray();
        foreach (var bound in _bound)
            _session.RunWithBinding(_run, bound.Binding);
    }

    /// <inheritdoc/>
    public int InputLength { get; }

    /// <inheritdoc/>
    public int StateLength { get; }

    /// <inheritdoc/>
    public int OutputLength { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> BatchSizes { get; }

    /// <inheritdoc/>
    public void Forward(int rows, ReadOnlySpan<float> input, ReadOnlySpan<float> state, Span<float> output, Span<float> nextState)
    {
        if (rows < 1 || rows > BatchSizes[^1])
            throw new ArgumentException($"{rows} rows; 1 to {BatchSizes[^1]} are possible.", nameof(rows));
        if (input.Length != rows * InputLength || output.Length != rows * OutputLength || state.Length != rows * StateLength || nextState.Length != state.Length)
            throw new ArgumentException(
                $"{rows} rows take {rows * InputLength} input, {rows * StateLength} state and {rows * OutputLength} output floats; {input.Length}, {state.Length}/{nextState.Length} and {output.Length} were given.",
                nameof(input));
        var bound = _bound[0];
        for (var i = 0; BatchSizes[i] < rows; i++)
            bound = _bound[i + 1];
        bound.Fill(rows, input, state);
        _session.RunWithBinding(_run, bound.Binding);
        bound.Output.AsSpan(0, output.Length).CopyTo(output);
        bound.NextState.AsSpan(0, nextState.Length).CopyTo(nextState);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var bound in _bound)
            bound.Dispose();
        _run.Dispose();
        _session.Dispose();
    }

    private static int[] RowShape(IReadOnlyDictionary<string, NodeMetadata> nodes, string name)
    {
        if (!nodes.TryGetValue(name, out var node))
            throw new InvalidDataException($"The network has no '{name}'; it has {string.Join(", ", nodes.Keys)}.");
        var row = node.Dimensions.Skip(1).ToArray();
        if (node.ElementType != typeof(float) || row.Length == 0 || row.Any(d => d < 1))
            throw new InvalidDataException($"The network's '{name}' is {node.ElementType?.Name}[{string.Join(", ", node.Dimensions)}]; float with one open first dimension is wanted.");
        return row;
    }

    private static int Product(int[] shape) => shape.Aggregate(1, (a, b) => a * b);

    /// <summary>The tensors of one batch size.</summary>
    private sealed class Bound : IDisposable
    {
        private readonly float[] _input;
        private readonly float[] _state;
        private readonly List<OrtValue> _values = [];
        private int _dirtyRows;

        public Bound(InferenceSession session, int size, int[] input, int stateLength, int[] output)
        {
            _input = new float[size * Product(input)];
            _state = new float[size * stateLength];
            Output = new float[size * Product(output)];
            NextState = new float[size * stateLength];
            Binding = session.CreateIoBinding();
            Binding.BindInput("input", Value(_input, size, input));
            Binding.BindOutput("output", Value(Output, size, output));
            if (stateLength > 0)
            {
                Binding.BindInput("state", Value(_state, size, [stateLength]));
                Binding.BindOutput("next_state", Value(NextState, size, [stateLength]));
            }
            InputRow = Product(input);
            StateRow = stateLength;
        }

        public OrtIoBinding Binding { get; }

        public float[] Output { get; }

        public float[] NextState { get; }

        private int InputRow { get; }

        private int StateRow { get; }

        public void Fill(int rows, ReadOnlySpan<float> input, ReadOnlySpan<float> state)
        {
            input.CopyTo(_input);
            state.CopyTo(_state);
            if (_dirtyRows > rows)
            {
                // Rows of an earlier, fuller batch: cleared, so that padding is the same zeros always.
                _input.AsSpan(rows * InputRow, (_dirtyRows - rows) * InputRow).Clear();
                _state.AsSpan(rows * StateRow, (_dirtyRows - rows) * StateRow).Clear();
            }
            _dirtyRows = rows;
        }

        public void Dispose()
        {
            Binding.Dispose();
            foreach (var value in _values)
                value.Dispose();
        }

        private OrtValue Value(float[] memory, int size, int[] row)
        {
            var shape = row.Select(d => (long)d).Prepend(size).ToArray();
            var value = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, memory.AsMemory(), shape);
            _values.Add(value);
            return value;
        }
    }
}
