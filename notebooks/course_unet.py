"""The course's Unet as a network of the diffusers library: settings are saved as JSON, weights as safetensors.

A pipeline saved with it carries this file; to load it, the folder of the course must be on Python's path.
"""

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.unets.unet_2d import UNet2DOutput

import diffusion_utilities as du


class CourseUnet(ModelMixin, ConfigMixin):
    """du.Unet, called as the library calls a network: net(x, i).sample with i = t - 1, where the course says t / T."""

    @register_to_config
    def __init__(self, in_channels=3, n_cfeat=5, widths=(32, 64, 96), attention=True, predicts="v", T=500,
                 sample_size=16):  # fmt: skip
        super().__init__()
        self.unet = du.Unet(in_channels, n_cfeat, widths, attention, predicts)

    def forward(self, sample, timestep, class_labels=None, return_dict=True):
        """sample (B, C, H, W); timestep: the index i, one or (B,); class_labels: numbers (B,), rows, or None."""
        t = (torch.as_tensor(timestep, device=sample.device).reshape(-1) + 1) / self.config.T
        answer = self.unet(sample, t.to(sample.dtype).expand(len(sample)), class_labels)
        return UNet2DOutput(sample=answer) if return_dict else (answer,)


def wrap(model, T, size):
    """A trained du.Unet as a CourseUnet to draw with, for pictures of size x size: a copy, on the same device."""
    wrapped = CourseUnet(**model.config, T=T, sample_size=size)
    wrapped.unet.load_state_dict(model.state_dict())
    wrapped.to(next(model.parameters()).device, memory_format=torch.channels_last)
    return wrapped.requires_grad_(False).eval()


class Asked(torch.nn.Module):
    """A network that is asked for the same classes at every call: net(x, i).sample, one class for each picture of x.

    The library's own DDPMPipeline and DDIMPipeline know of no classes; with this in the place of the network they draw
    them, with classifier-free guidance (lesson 5) if guidance_scale is not 1. net: a CourseUnet.
    """

    def __init__(self, net, class_labels, guidance_scale=1.0):
        super().__init__()
        self.net, self.guidance_scale = net, guidance_scale
        self.class_labels = F.one_hot(torch.as_tensor(class_labels), net.config.n_cfeat).to(net.device, net.dtype)
        self.config, self.dtype, self.device = net.config, net.dtype, net.device

    def forward(self, sample, timestep):
        if self.guidance_scale == 1:
            return self.net(sample, timestep, self.class_labels)
        rows = torch.cat([0 * self.class_labels, self.class_labels])  # a row of zeros asks for nothing
        uncond, cond = self.net(torch.cat([sample, sample]), timestep, rows).sample.chunk(2)
        return UNet2DOutput(sample=uncond + self.guidance_scale * (cond - uncond))
