/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: region.h - the memory that processes map
 *
 * Owns the pages of rings and control pages, and how they come into a process:
 * zeroed when allocated, charged to the cgroup of whoever allocates, reference
 * counted, so that no map outlives what it shows, and never used for a second
 * channel.  A view is a region as one endpoint may map it.
 *
 * Locks: replace_lock, an innermost one, for the one way in which a region changes
 * between allocation and release.  Never touches what the pages hold, and never another
 * process's mm.
 */
#ifndef FASTIPC_REGION_H
#define FASTIPC_REGION_H

#include <linux/mm.h>
#include <linux/types.h>

/**
 * struct fastipc_region - some pages
 * @at: the kernel's address of each
 * @nr: how many
 */
struct fastipc_region {
	void **at;
	unsigned long nr;
};

/**
 * fastipc_region_at() - the kernel's own address of a byte
 * @region: allocated
 * @offset: bytes, less than the region's size
 *
 * Return: the address, valid to the end of that page: the next is elsewhere.
 */
static inline void *fastipc_region_at(const struct fastipc_region *region,
				      u64 offset)
{
	return region->at[offset >> PAGE_SHIFT] + offset_in_page(offset);
}

/**
 * struct fastipc_view - what one mmap(2) shows
 * @region: the pages
 * @repeat: how many times in a row
 * @writable: whether the map may be written
 */
struct fastipc_view {
	const struct fastipc_region *region;
	unsigned int repeat;
	bool writable;
};

int fastipc_region_alloc(struct fastipc_region *region, size_t bytes);
void fastipc_region_free(struct fastipc_region *region);
void fastipc_region_replace(struct fastipc_region *region,
			    struct fastipc_region *fresh,
			    struct address_space *mapping, u64 offset);

int fastipc_view_check(const struct fastipc_view *view,
		       struct vm_area_struct *vma);
void fastipc_view_install(const struct fastipc_view *view,
			  struct vm_area_struct *vma,
			  const struct vm_operations_struct *ops);
void fastipc_view_withdraw(struct vm_area_struct *vma);
bool fastipc_view_withdrawn(const struct vm_area_struct *vma);
bool fastipc_view_writable(const struct vm_area_struct *vma);
vm_fault_t fastipc_region_fault(struct vm_fault *vmf);

bool fastipc_region_pinned(const struct fastipc_region *region);

u64 fastipc_region_bytes(void);

#endif /* FASTIPC_REGION_H */
