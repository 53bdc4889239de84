"""A pipeline for any U-Net and any scheduler of the diffusers library, with classes and guidance.

The folder that `save_pretrained` writes holds this file, too, as pipeline.py. So a process that knows nothing of this
course can draw from it (the folder's code is run: load only folders that you trust):

    pipeline = DiffusionPipeline.from_pretrained(FOLDER, custom_pipeline=FOLDER, trust_remote_code=True)
    pipeline(batch_size=4, class_labels="cat", num_inference_steps=50).images[0].save("cat.png")
"""

import inspect
import shutil
from pathlib import Path

import torch
from diffusers import DiffusionPipeline, ImagePipelineOutput
from diffusers.utils.torch_utils import randn_tensor


class CoursePipeline(DiffusionPipeline):
    """unet(x, i, class_labels).sample is what the scheduler takes: UNet2DModel, or one that behaves like it.

    id2label: the names of the classes, {0: "cat", 1: "dog"}; None for a network without any. A UNet2DModel with classes
    has one embedding more than there are names: the last one means "no class" (`num_class_embeds` = 3 here).
    """

    def __init__(self, unet, scheduler, id2label=None):
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)
        self.register_to_config(id2label=id2label)

    @torch.no_grad()
    def __call__(self, batch_size=1, class_labels=None, guidance_scale=1.0, generator=None, num_inference_steps=50,
                 latents=None, output_type="pil", return_dict=True):  # fmt: skip
        """Draw from noise; returns an object whose `images` are what output_type says.

        class_labels    one class for all or one for each, by name or number; None: no class
        guidance_scale  1: the network's own answer; more: classifier-free guidance, which costs a second call
        latents         the noise (B, C, H, W) of standard deviation 1; else batch_size of them from the generator
        output_type     "pil": pictures; "np": (B, H, W, C); "pt": a tensor (B, C, H, W); both of these in [0, 1]
        """
        if latents is None:
            size = self.unet.config.sample_size
            shape = (batch_size, self.unet.config.in_channels, *([size] * 2 if isinstance(size, int) else size))
            latents = randn_tensor(shape, generator=generator, device=self._execution_device, dtype=self.unet.dtype)
        labels = self.numbers(class_labels, len(latents))
        self.scheduler.set_timesteps(num_inference_steps, device=self._execution_device)
        x = latents.to(self._execution_device) * self.scheduler.init_noise_sigma  # Euler and Heun start from more noise
        # DDIM clips its guess of the image if its settings say so. Unless told otherwise it keeps the noise of the old
        # guess, and the two make x_t no more: the pictures become grey, the more so the more steps there are.
        how = {"generator": generator, "use_clipped_model_output": True}
        how = {key: value for key, value in how.items() if key in inspect.signature(self.scheduler.step).parameters}
        for i in self.progress_bar(self.scheduler.timesteps):
            out = self.answer(self.scheduler.scale_model_input(x, i), i, labels, guidance_scale)
            x = self.scheduler.step(out, i, x, **how).prev_sample
        images = (x / 2 + 0.5).clamp(0, 1)
        if output_type != "pt":
            images = images.cpu().permute(0, 2, 3, 1).float().numpy()
        if output_type == "pil":
            images = self.numpy_to_pil(images)
        self.maybe_free_model_hooks()
        return ImagePipelineOutput(images=images) if return_dict else (images,)

    def answer(self, x, i, labels, guidance_scale):
        """The network's answer about x at index i, with classifier-free guidance (lesson 5)."""
        cond = self.unet(x, i, labels).sample
        if guidance_scale == 1 or labels is None:
            return cond
        uncond = self.unet(x, i, self.numbers(None, len(x))).sample
        return uncond + guidance_scale * (cond - uncond)

    def numbers(self, class_labels, n):
        """What the network is told for n images: class numbers (n,); for no class the last one, or None."""
        embeddings = self.unet.config.get("num_class_embeds")
        if class_labels is None:
            return None if embeddings is None else torch.full((n,), embeddings - 1, device=self._execution_device)
        if isinstance(class_labels, (str, int)):
            class_labels = [class_labels] * n
        known = {name: int(number) for number, name in (self.config.id2label or {}).items()}
        for name in class_labels:
            if isinstance(name, str) and name not in known:
                knows = f"knows: {', '.join(known)}" if known else "was trained without classes"
                raise ValueError(f"there is no class {name!r}; this network {knows}")
        if not torch.is_tensor(class_labels):
            class_labels = torch.tensor([known.get(name, name) for name in class_labels])
        if len(class_labels) != n:
            raise ValueError(f"{len(class_labels)} classes for {n} images: give one for each, or one for all")
        return class_labels.to(self._execution_device)

    def save_pretrained(self, save_directory, **how):
        """Save network, scheduler and names, and the code that the library needs to load them."""
        super().save_pretrained(save_directory, **how)
        code = {Path(save_directory) / "pipeline.py": __file__}
        module = type(self.unet).__module__
        if module.split(".")[0] != "diffusers":  # a network of our own: the library looks for its class in this place
            code[Path(save_directory) / "unet" / f"{module}.py"] = inspect.getfile(type(self.unet))
        for file, source in code.items():
            if file.resolve() != Path(source).resolve():
                shutil.copyfile(source, file)
