namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A tensor of libtorch's. Belongs to the dispose scope it was made in; disposing it twice is allowed, using it afterwards throws
    /// <see cref="ObjectDisposedException"/>. A native call in flight keeps its tensors alive when another thread disposes them.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        private DisposeScope? _scope;
        private int _place;   // in the scope

        internal Tensor(nint native, bool scoped = true)
        {
            Handle = new TensorHandle(native);
            if (scoped)
                DisposeScope.Current?.Add(this);
        }

        internal TensorHandle Handle { get; private protected set; }

        public long[] shape
        {
            get
            {
                var sizes = new long[Native.Dims(Handle)];
                unsafe
                {
                    fixed (long* p = sizes)
                        Native.Sizes(Handle, p);
                }
                return sizes;
            }
        }

        public long dim() => Native.Dims(Handle);

        public long size(int dim) => shape[dim < 0 ? dim + shape.Length : dim];

        public long NumberOfElements => Native.ElementCount(Handle);

        public long numel() => NumberOfElements;

        public ScalarType dtype => (ScalarType)Native.DType(Handle);

        public bool is_contiguous() => Native.IsContiguous(Handle) != 0;

        public bool is_leaf => Native.IsLeaf(Handle) != 0;

        public bool requires_grad
        {
            get => Native.RequiresGrad(Handle) != 0;
            set => Native.Check(Native.SetRequiresGrad(Handle, value ? 1 : 0));
        }

        public Tensor requires_grad_(bool on = true)
        {
            requires_grad = on;
            return this;
        }

        /// <summary>The gradient that <see cref="backward"/> left here, or null.</summary>
        public Tensor? grad
        {
            get
            {
                Native.Check(Native.Grad(Handle, out var gradient));
                return gradient == 0 ? null : new Tensor(gradient);
            }

            set
            {
                if (value is null)
                {
                    Native.Check(Native.SetGrad(Handle, 0));
                    return;
                }
                var added = false;
                value.Handle.DangerousAddRef(ref added);
                try
                {
                    Native.Check(Native.SetGrad(Handle, value.Handle.DangerousGetHandle()));
                }
                finally
                {
                    value.Handle.DangerousRelease();
                }
            }
        }

        public Device device => Native.Device(Handle) == 0 ? CPU : CUDA;

        /// <summary>Derivatives of this scalar with respect to every leaf that asked for one, added to their <see cref="grad"/>.</summary>
        public void backward() => Native.Check(Native.Backward(Handle, 0));

        public Tensor to(Device device)
        {
            Native.Check(Native.To(Handle, device.Number, device.index, -1, out var moved));
            return new Tensor(moved);
        }

        public Tensor to(ScalarType type)
        {
            Native.Check(Native.To(Handle, -1, 0, (int)type, out var moved));
            return new Tensor(moved);
        }

        public Tensor cpu() => to(CPU);

        /// <summary>The elements in place: contiguous, on the CPU, of type <typeparamref name="T"/>. Valid as long as the tensor is.</summary>
        /// <exception cref="InvalidOperationException">Not contiguous, not on the CPU, or of another type.</exception>
        public unsafe Span<T> data<T>()
            where T : unmanaged
        {
            var expected = Type.GetTypeCode(typeof(T)) switch
            {
                TypeCode.Single => ScalarType.Float32,
                TypeCode.Double => ScalarType.Float64,
                TypeCode.Int64 => ScalarType.Int64,
                TypeCode.Int32 => ScalarType.Int32,
                TypeCode.Boolean => ScalarType.Bool,
                _ => ScalarType.Byte,
            };
            if (dtype != expected || !is_contiguous() || device.type != "cpu")
                throw new InvalidOperationException($"A {dtype} tensor of shape [{string.Join(", ", shape)}] on {device} (contiguous: {is_contiguous()}) cannot be read as {typeof(T).Name}.");
            return new Span<T>((void*)Native.Data(Handle), checked((int)NumberOfElements));
        }

        /// <summary>A copy of the elements, whatever the layout and the device.</summary>
        public T[] ToArray<T>()
            where T : unmanaged
        {
            using var scope = NewDisposeScope();
            var plain = detach().cpu().contiguous();
            return plain.data<T>().ToArray();
        }

        /// <summary>The only element.</summary>
        public T item<T>()
            where T : unmanaged => NumberOfElements == 1 ? ToArray<T>()[0] : throw new InvalidOperationException($"A tensor of {NumberOfElements} elements has no single item.");

        public float ToSingle() => item<float>();

        public Tensor alias() => new(Native.Alias(Handle));

        public Tensor MoveToOuterDisposeScope()
        {
            _scope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Takes the tensor out of every scope: its owner disposes it.</summary>
        public Tensor DetachFromDisposeScope()
        {
            Leave(_scope);
            return this;
        }

        public bool IsInvalid => Handle.IsClosed;

        public void Dispose()
        {
            // A scope is its thread's alone: disposed from another thread, the tensor stays listed there until the scope ends, which does no harm.
            if (_scope is { IsOfThisThread: true } scope)
                Leave(scope);
            Handle.Dispose();
            GC.SuppressFinalize(this);      // a derived type may come with a finalizer
        }

        public override string ToString() => Handle.IsClosed ? "disposed tensor" : $"[{string.Join(", ", shape)}], type = {dtype}, device = {device}";

        internal void Enter(DisposeScope scope, int place) => (_scope, _place) = (scope, place);

        /// <summary>Out of its scope; false when that is another one.</summary>
        internal bool Leave(DisposeScope? from)
        {
            if (from is null || !ReferenceEquals(_scope, from))
                return false;
            from.RemoveAt(_place);
            _scope = null;
            return true;
        }

        /// <summary>Its scope ends.</summary>
        internal void Free()
        {
            _scope = null;
            Handle.Dispose();
        }
    }
}
