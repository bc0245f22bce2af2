using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>libtorch with TorchSharp's names: a project that has the TorchSharp package deletes this one and references the package.</summary>
public static partial class torch
{
    /// <summary>Types of elements; libtorch's numbers.</summary>
    public enum ScalarType
    {
        Byte = 0,
        Int8 = 1,
        Int16 = 2,
        Int32 = 3,
        Int64 = 4,
        Float16 = 5,
        Float32 = 6,
        Float64 = 7,
        Bool = 11,
    }

    public const ScalarType float32 = ScalarType.Float32;
    public const ScalarType float64 = ScalarType.Float64;
    public const ScalarType int64 = ScalarType.Int64;
    public const ScalarType int32 = ScalarType.Int32;
    public const ScalarType @bool = ScalarType.Bool;

    /// <summary>Where a tensor lives.</summary>
    public sealed record Device(string type, int index = 0)
    {
        internal int Number => type == "cpu" ? 0 : 1;

        public override string ToString() => type == "cpu" ? "cpu" : $"{type}:{index}";
    }

    public static Device CPU { get; } = new("cpu");

    public static Device CUDA { get; } = new("cuda");

    /// <summary><c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.</summary>
    /// <exception cref="ArgumentException">Another name.</exception>
    public static Device device(string name)
    {
        var parts = name.Split(':');
        if (parts[0] is not ("cpu" or "cuda") || parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], out _)))
            throw new ArgumentException($"Device '{name}' is not known; cpu, cuda and cuda:N are.", nameof(name));
        return new Device(parts[0], parts.Length == 2 ? int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) : 0);
    }

    public static class cuda
    {
        public static bool is_available() => Native.CudaIsAvailable() != 0;

        public static void synchronize() => Native.Check(Native.CudaSynchronize());
    }

    public static class random
    {
        /// <summary>Seeds libtorch's generators (CPU and CUDA).</summary>
        public static void manual_seed(long seed) => Native.Check(Native.ManualSeed(seed));
    }

    public static void manual_seed(long seed) => random.manual_seed(seed);

    public static void set_num_threads(int count) => Native.SetThreadCount(count);

    public static int get_num_threads() => Native.ThreadCount();

    public static bool is_grad_enabled() => Native.GradEnabled() != 0;

    /// <summary>Until it is disposed no gradient is recorded on this thread.</summary>
    public static IDisposable no_grad() => new GradMode(false);

    public static IDisposable enable_grad() => new GradMode(true);

    private sealed class GradMode : IDisposable
    {
        private readonly bool _before = is_grad_enabled();

        public GradMode(bool enabled) => Native.SetGradEnabled(enabled ? 1 : 0);

        public void Dispose() => Native.SetGradEnabled(_before ? 1 : 0);
    }

    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null) => Moved(Operator.Get("zeros").One(size, dtype), device);

    public static Tensor zeros(params ReadOnlySpan<long> size) => zeros(size.ToArray(), null);

    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null) => Moved(Operator.Get("ones").One(size, dtype), device);

    public static Tensor ones(params ReadOnlySpan<long> size) => ones(size.ToArray(), null);

    public static Tensor full(long[] size, double value, ScalarType dtype = float32) => Operator.Get("zeros").One(size, (ScalarType?)dtype).fill_(value);

    public static Tensor eye(long n) => Operator.Get("eye").One(n);

    public static Tensor arange(double start, double stop, double step = 1, ScalarType dtype = float32) =>
        Operator.Get("arange", "start_step").One(start, stop, step, (ScalarType?)dtype);

    public static Tensor rand(params ReadOnlySpan<long> size) => Operator.Get("rand").One(size.ToArray());

    public static Tensor randn(params ReadOnlySpan<long> size) => Operator.Get("randn").One(size.ToArray());

    public static Tensor empty(params ReadOnlySpan<long> size) => zeros(size);

    public static Tensor zeros_like(Tensor like) => Operator.Get("zeros_like").One(like);

    public static Tensor ones_like(Tensor like) => Operator.Get("ones_like").One(like);

    /// <summary>A tensor over a copy of <paramref name="data"/>.</summary>
    public static Tensor tensor(float[] data, params ReadOnlySpan<long> dimensions) => from_array(data, ScalarType.Float32, dimensions);

    public static Tensor tensor(double[] data, params ReadOnlySpan<long> dimensions) => from_array(data, ScalarType.Float64, dimensions);

    public static Tensor tensor(long[] data, params ReadOnlySpan<long> dimensions) => from_array(data, ScalarType.Int64, dimensions);

    /// <summary>A tensor over <paramref name="data"/> itself: pinned, not copied, released when the last reference goes.</summary>
    public static unsafe Tensor from_array<T>(T[] data, ScalarType dtype, params ReadOnlySpan<long> dimensions)
        where T : unmanaged
    {
        var size = dimensions.Length == 0 ? [data.LongLength] : dimensions.ToArray();
        var count = size.Aggregate(1L, (a, b) => a * b);
        if (count != data.LongLength)
            throw new ArgumentException($"{data.LongLength} numbers do not fill [{string.Join(", ", size)}], which takes {count}.", nameof(data));
        var pin = GCHandle.Alloc(data, GCHandleType.Pinned);
        nint made;
        fixed (long* sizes = size)
        {
            var status = Native.FromMemory(pin.AddrOfPinnedObject(), sizes, size.Length, (int)dtype, &Release, GCHandle.ToIntPtr(pin), out made);
            if (status != 0)
                pin.Free();
            Native.Check(status);
        }
        return new Tensor(made);
    }

    [UnmanagedCallersOnly]
    private static void Release(nint context) => GCHandle.FromIntPtr(context).Free();

    public static Tensor cat(IReadOnlyList<Tensor> tensors, long dim = 0) => Operator.Get("cat").One(tensors.ToArray(), dim);

    public static Tensor stack(IReadOnlyList<Tensor> tensors, long dim = 0) => Operator.Get("stack").One(tensors.ToArray(), dim);

    public static Tensor where(Tensor condition, Tensor x, Tensor y) => Operator.Get("where", "self").One(condition, x, y);

    public static Tensor matmul(Tensor a, Tensor b) => Operator.Get("matmul").One(a, b);

    public static Tensor exp(Tensor x) => x.exp();

    public static Tensor log(Tensor x) => x.log();

    public static Tensor sqrt(Tensor x) => x.sqrt();

    public static Tensor sigmoid(Tensor x) => x.sigmoid();

    public static Tensor tanh(Tensor x) => x.tanh();

    public static Tensor relu(Tensor x) => x.relu();

    private static Tensor Moved(Tensor tensor, Device? device) => device is null || device.type == "cpu" ? tensor : tensor.to(device);
}
