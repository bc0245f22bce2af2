using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Pipeline.Models.Packages;

/// <summary>
/// A network in ONNX form on ONNX Runtime. Inputs <c>input</c> [B, ...] and, with memory, <c>state</c> [B, S]; outputs <c>output</c> [B, O]
/// and <c>next_state</c> [B, S]. All batch sizes share the same memory, bound once for each of them, so that a pass allocates nothing.
/// </summary>
public sealed class OnnxSession : IModelSession
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly Memory<float> _input;
    private readonly Memory<float> _state;
    private readonly Memory<float> _output;
    private readonly Memory<float> _nextState;
    private readonly List<OrtValue> _values = [];
    private OrtIoBinding[] _bindings;
    private int[] _sizes;
    private int _dirtyRows;     // rows from here on are zeros

    /// <summary>
    /// Loads and warms up. Of the given sizes those are used at which seeded rows come out in the same bits as in the largest batch,
    /// wherever they lie in it: a patient's numbers must not depend on who shares the batch. <see cref="BatchSizes"/> says which.
    /// </summary>
    /// <param name="model">The bytes of a <c>model.onnx</c>.</param>
    /// <param name="batchSizes">Batch sizes to bind, ascending, from 1 up.</param>
    /// <param name="threads">Threads inside an operator; 1 is right for streaming (use more workers instead).</param>
    /// <param name="device">Where it runs: <see cref="OnnxDevice.Cpu"/>, <c>cuda</c> or <c>cuda:N</c>. Rows are copied to a GPU and back in
    /// each pass.</param>
    /// <exception cref="InvalidDataException">
    /// The network has other inputs or outputs than named above, or an open dimension but the batch; or the device cannot be used here.
    /// </exception>
    public OnnxSession(byte[] model, IReadOnlyList<int> batchSizes, int threads = 1, string device = OnnxDevice.Cpu)
    {
        ArgumentNullException.ThrowIfNull(batchSizes);
        if (batchSizes.Count == 0 || batchSizes[0] < 1 || !batchSizes.Zip(batchSizes.Skip(1), (a, b) => a < b).All(x => x))
            throw new ArgumentException("Batch sizes ascend from 1 up.", nameof(batchSizes));
        _sizes = [.. batchSizes];
        using var options = OnnxDevice.OptionsFor(device, threads);
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
        int[] state = _session.InputMetadata.ContainsKey("state") ? [Product(RowShape(_session.InputMetadata, "state"))] : [];
        (InputLength, OutputLength, StateLength) = (Product(input), Product(output), state is [var length] ? length : 0);
        if (StateLength > 0 && Product(RowShape(_session.OutputMetadata, "next_state")) != StateLength)
            throw new InvalidDataException("The network's next_state has another shape than its state.");
        (_input, _output) = (Rows(InputLength), Rows(OutputLength));
        (_state, _nextState) = (Rows(StateLength), Rows(StateLength));
        _bindings = [];
        try
        {
            _bindings = [.. _sizes.Select(size => Bind(size, input, state, output))];
            foreach (var size in _sizes)
                Run(size);
        }
        catch (OnnxRuntimeException e)
        {
            Dispose();
            throw new InvalidDataException($"ONNX Runtime cannot run the network: {e.Message}", e);
        }
        if (_sizes.Length > 1)
            KeepOnly(new RowEquality(this).FindEqual());
    }

    /// <inheritdoc/>
    public int InputLength { get; }

    /// <inheritdoc/>
    public int StateLength { get; }

    /// <inheritdoc/>
    public int OutputLength { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> BatchSizes => _sizes;

    /// <inheritdoc/>
    public Span<float> Input => _input.Span;

    /// <inheritdoc/>
    public Span<float> State => _state.Span;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Output => _output.Span;

    /// <inheritdoc/>
    public ReadOnlySpan<float> NextState => _nextState.Span;

    /// <inheritdoc/>
    public void Run(int rows)
    {
        if (rows < 1 || rows > _sizes[^1])
            throw new ArgumentException($"{rows} rows; 1 to {_sizes[^1]} are possible.", nameof(rows));
        var i = 0;
        while (_sizes[i] < rows)
            i++;
        // What pads the batch may be left of an earlier, fuller one: cleared, so that no patient's row is computed twice.
        var dirty = Math.Min(_dirtyRows, _sizes[i]);
        if (dirty > rows)
        {
            _input.Span.Slice(rows * InputLength, (dirty - rows) * InputLength).Clear();
            _state.Span.Slice(rows * StateLength, (dirty - rows) * StateLength).Clear();
        }
        _dirtyRows = _dirtyRows <= _sizes[i] ? rows : _dirtyRows;
        _session.RunWithBinding(_run, _bindings[i]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var binding in _bindings)
            binding.Dispose();
        foreach (var value in _values)
            value.Dispose();
        _run.Dispose();
        _session.Dispose();
    }

    private void KeepOnly(int[] sizes)
    {
        var kept = _bindings.Where((_, i) => sizes.Contains(_sizes[i])).ToArray();
        foreach (var binding in _bindings.Except(kept))
            binding.Dispose();
        (_bindings, _sizes) = (kept, sizes);
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

    // Aligned to 64 bytes, as ONNX Runtime's own memory is: what an operator does first and last depends on it, and with it the last bits.
    private unsafe Memory<float> Rows(int length)
    {
        const int alignment = 64;
        var memory = GC.AllocateArray<float>(_sizes[^1] * length + alignment / sizeof(float), pinned: true);
        var address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(memory));
        var skipped = (int)((alignment - address % alignment) % alignment) / sizeof(float);
        return memory.AsMemory(skipped, _sizes[^1] * length);
    }

    private OrtIoBinding Bind(int size, int[] input, int[] state, int[] output)
    {
        var binding = _session.CreateIoBinding();
        binding.BindInput("input", Value(_input, size, input));
        binding.BindOutput("output", Value(_output, size, output));
        if (state.Length > 0)
        {
            binding.BindInput("state", Value(_state, size, state));
            binding.BindOutput("next_state", Value(_nextState, size, state));
        }
        return binding;
    }

    private OrtValue Value(Memory<float> memory, int size, int[] row)
    {
        var shape = row.Select(d => (long)d).Prepend(size).ToArray();
        var value = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, memory[..(size * Product(row))], shape);
        _values.Add(value);
        return value;
    }
}
