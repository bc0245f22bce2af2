using Pipeline.Models.Packages;
using TorchSharp;
using static TorchSharp.torch;

namespace Pipeline.Training.Serving;

/// <summary>
/// A package's network on libtorch: on <c>cpu</c>, or on a GPU (<c>cuda</c>, <c>cuda:1</c>), behind the same batching workers as ONNX Runtime. Its answers
/// equal those of <see cref="OnnxSession"/> to 1e-4, not bit for bit, and a row's last bits may depend on the batch. Wrapping libtorch's tensors
/// allocates some objects a pass.
/// </summary>
public sealed class TorchSession : IModelSession
{
    private readonly TorchGraph _graph;
    private readonly Device _device;
    private readonly int[] _sizes;
    private readonly float[] _input;
    private readonly float[] _state;
    private readonly float[] _output;
    private readonly float[] _nextState;
    private readonly Tensor[] _whole;       // the four arrays as tensors [largest, row]; the memory is shared
    private readonly long[] _inputRow;
    private int _thread;                    // that ran last

    /// <summary>Loads and warms up.</summary>
    /// <param name="onnx">The bytes of a <c>model.onnx</c>.</param>
    /// <param name="device"><c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <param name="batchSizes">Batch sizes, ascending, from 1 up.</param>
    /// <exception cref="InvalidDataException">
    /// libtorch or the device is not here, or the network has an operator, input or output that is not known; says what to do.
    /// </exception>
    public TorchSession(byte[] onnx, string device, IReadOnlyList<int> batchSizes)
    {
        ArgumentNullException.ThrowIfNull(batchSizes);
        if (batchSizes.Count == 0 || batchSizes[0] < 1 || !batchSizes.Zip(batchSizes.Skip(1), (a, b) => a < b).All(x => x))
            throw new ArgumentException("Batch sizes ascend from 1 up.", nameof(batchSizes));
        _sizes = [.. batchSizes];
        _device = Find(device);
        _graph = new TorchGraph(onnx, _device);
        try
        {
            _inputRow = Row("input");
            (InputLength, OutputLength) = (Product(_inputRow), Product(Row("output")));
            StateLength = _graph.RowShape("state") is null ? 0 : Product(Row("state"));
            if (StateLength > 0 && Product(Row("next_state")) != StateLength)
                throw new InvalidDataException("The network's next_state has another shape than its state.");
        }
        catch (InvalidDataException)
        {
            _graph.Dispose();
            throw;
        }
        (_input, _output) = (new float[_sizes[^1] * InputLength], new float[_sizes[^1] * OutputLength]);
        (_state, _nextState) = (new float[_sizes[^1] * StateLength], new float[_sizes[^1] * StateLength]);
        _whole = [Wrap(_input), Wrap(_state), Wrap(_output), Wrap(_nextState)];
        foreach (var size in _sizes)
            Run(size);
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
    public Span<float> Input => _input;

    /// <inheritdoc/>
    public Span<float> State => _state;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Output => _output;

    /// <inheritdoc/>
    public ReadOnlySpan<float> NextState => _nextState;

    /// <inheritdoc/>
    public void Run(int rows)
    {
        if (rows < 1 || rows > _sizes[^1])
            throw new ArgumentException($"{rows} rows; 1 to {_sizes[^1]} are possible.", nameof(rows));
        // OpenMP and OpenBLAS count threads by the calling thread: one for each worker, also so that sums are cut up the same way every time.
        if (_thread != Environment.CurrentManagedThreadId)
        {
            set_num_threads(1);
            _thread = Environment.CurrentManagedThreadId;
        }
        var size = _sizes.First(s => s >= rows);
        // Padding: no patient's row is computed twice.
        _input.AsSpan(rows * InputLength, (size - rows) * InputLength).Clear();
        _state.AsSpan(rows * StateLength, (size - rows) * StateLength).Clear();
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var input = ("input", OnDevice(_whole[0], size).reshape([size, .. _inputRow]));
        var results = StateLength > 0 ? _graph.Forward(input, ("state", OnDevice(_whole[1], size))) : _graph.Forward(input);
        Take(results["output"], _whole[2], size);
        if (StateLength > 0)
            Take(results["next_state"], _whole[3], size);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _whole)
            tensor.Dispose();
        _graph.Dispose();
    }

    private static Device Find(string name)
    {
        try
        {
            var device = torch.device(name);
            if (device.type == "cuda" && !cuda.is_available())
                throw new InvalidDataException(
                    $"Device {name}: this libtorch sees no CUDA device. Build native/libpipeline_torch.so against a CUDA libtorch 2.x (LIBTORCH=/path ./pipeline setup) on a machine with a driver, or set the device to cpu.");
            return device;
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException)
        {
            throw new InvalidDataException($"Device {name} needs libtorch, which is not here (Debian: libtorch-dev and libopenblas0-openmp, then ./pipeline setup).", e);
        }
    }

    private static int Product(long[] shape) => (int)shape.Aggregate(1L, (a, b) => a * b);

    private static void Take(Tensor result, Tensor whole, int size) => whole.narrow(0, 0, size).copy_(result.reshape([size, -1]));

    private long[] Row(string name) => _graph.RowShape(name) is { Length: > 0 } row && row.All(d => d > 0)
        ? row
        : throw new InvalidDataException($"The network has no '{name}' with one open first dimension.");

    private Tensor Wrap(float[] memory) => tensor(memory, _sizes[^1], memory.Length / _sizes[^1]).DetachFromDisposeScope();

    private Tensor OnDevice(Tensor whole, int size)
    {
        var rows = whole.narrow(0, 0, size);
        return _device.type == "cpu" ? rows : rows.to(_device);
    }
}
